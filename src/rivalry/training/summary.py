"""What a run says when it is done: a table, a picture of its neurons, and where to look next."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

from PIL import Image
from rich.console import Console
from rich.table import Table

from rivalry.lens.class_view import shows_concepts
from rivalry.lens.pictures import picture_of
from rivalry.records import Record, find_records
from rivalry.training.run import RunFolder


def print_summary(console: Console, folder: RunFolder, scalars: dict[str, float], records: list[Record]) -> None:
    """Print the table, keep the records' pictures in the run's folder, and say where to look next."""
    console.print(_table(scalars, records))
    lines = ["", "[bold]Where to look next[/bold]"]
    for record in records:
        picture = picture_of(record)
        if picture is not None:
            path = folder.root / f"{record.name}.png"
            Image.fromarray(picture).save(path)
            lines.append(f"  {path}  {record.name}, as a picture")
    if records:
        lines.append(f"  rivalry lens {folder.root} --open  a site of all that was found")
        lines.append(f"  {folder.records}  all that was found, as parquet tables")
    if any(shows_concepts(record) for record in records):
        lines.append(f"  rivalry concepts {folder.root}  a page for every class")
    if folder.metrics.exists():
        lines.append(f"  {folder.metrics}  all scalars by epoch")
        lines.append(f"  rivalry test --config {folder.configuration} --ckpt_path last  accuracy on the test images")
    if (folder.root / "wandb").exists():
        lines.append(f"  wandb sync {folder.root / 'wandb'}/offline-run-*  send the run to your dashboard")
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False)


def latest_records(folder: RunFolder) -> list[Record]:
    """Every analysis' record of the last epoch that has one."""
    if not folder.records.is_dir():
        return []
    last = {path.name: path for path in find_records(folder.records)}
    return [Record.load(path) for path in last.values()]


def _table(scalars: dict[str, float], records: Sequence[Record]) -> Table:
    table = Table(title="What came out", title_justify="left", show_header=False)
    for said, value in (*_scores(scalars), *_findings(records)):
        if value:
            table.add_row(said, value)
    return table


def _scores(scalars: dict[str, float]) -> list[tuple[str, str]]:
    names = {
        "accuracy, argmax": "val/top1",
        "accuracy, averaged draws": "val/sampled_top1",
        "calibration error, argmax": "val/calibration_error",
        "calibration error, averaged draws": "val/sampled_calibration_error",
    }
    return [(said, _percent(scalars.get(name))) for said, name in names.items()]


def _findings(records: Sequence[Record]) -> list[tuple[str, str]]:
    """The lines of every record; where several have the same line, each says whose it is."""
    lines = [
        (
            record.name,
            f"{said} that compete" if name == "active_fraction" and record.settings.get("competitors") else said,
            value,
        )
        for record in records
        for mark, rows in _SAID.items()
        if mark in record.scalars
        for said, name, shown in rows
        if (value := shown(record.scalars.get(name)))
    ]
    often = Counter(said for _, said, _ in lines)
    return [(f"{name}: {said}" if often[said] > 1 else said, value) for name, said, value in lines]


def _percent(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{100 * value:.1f} %"


def _share(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.2f}"


def _tenths(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.1f}"


def _count(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.0f}"


_SAID: dict[str, tuple[tuple[str, str, Callable[[float | None], str]], ...]] = {
    "active_fraction": (
        ("active share of the layers", "active_fraction", _percent),
        ("units that never won", "dead_units", _count),
    ),
    "mean_margin": (
        ("distinct concepts among the labels", "distinct_concepts", _count),
        ("units without a label: they never won", "dead_units", _count),
        ("labels that the masks confirm", "confirmed", _percent),
        ("… if the labels were shuffled", "confirmed_floor", _percent),
        ("… of classes by their own names", "natural_confirmed", _percent),
    ),
    "silhouette": (
        ("clusters and masks, mean IoU", "miou", _share),
        ("… of superpixels instead", "miou_slic", _share),
        ("… of an untrained network", "miou_random", _share),
        ("clusters as in the epoch before, adjusted Rand index", "drift_ari", _share),
    ),
    "layers_with_outliers": (
        ("layers in which patches serve as registers", "layers_with_outliers", _count),
        ("… patches that do, of the layer with most", "outlier_fraction", _percent),
    ),
    "attack_success_excess": (
        ("pictures taken for the target because of the mark", "attack_success_lift", _percent),
        ("… because of the null mark", "attack_success_lift_null", _percent),
        ("accuracy that the mark costs", "accuracy_gap", _percent),
        ("units that carry the mark", "carrying_units", _count),
    ),
    "undetectable_concepts": (
        ("units that detect a concept", "detectors", _count),
        ("concepts that they detect", "unique_detectors", _count),
        ("… that none can detect at this threshold", "undetectable_concepts", _count),
    ),
    "s1_unsupervised": (
        ("interpretability S¹ of a basis found without labels", "s1_unsupervised", _tenths),
        ("… S¹ of the units themselves", "s1_natural", _tenths),
        ("… S¹ of a random rotation", "s1_random", _tenths),
        ("S², concepts once, of a basis found without labels", "s2_unsupervised", _tenths),
        ("… S² of the units themselves", "s2_natural", _tenths),
        ("directions as in the epoch before, mean cosine", "stability", _share),
    ),
    "unexplained": (
        ("classes with concepts", "classes", _count),
        ("part of their logits that no concept explains", "unexplained", _percent),
        ("activations that concepts do not give back, relative ℓ2", "relative_l2", _share),
        ("concepts that other pictures lead to as well, mean cosine", "stability", _share),
        ("strategies of a class", "strategies", _tenths),
        ("what strategies tell of marks, adjusted mutual information", "marked_ami", _share),
    ),
    "naturalness": (
        ("targets with a prototype", "targets", _count),
        ("naturalness of a prototype's path: 1 as another picture, 0 as another class", "naturalness", _share),
        ("… of a plain feature visualisation's", "naturalness_plain", _share),
        ("layers in which prototypes are the more natural", "layers_above_plain", _percent),
    ),
    "labels_unchanged": (
        ("labels unchanged since the epoch before", "labels_unchanged", _percent),
        ("concepts lost since the epoch before", "lost_concepts", _count),
    ),
}
"""Lines of a record that has the scalar: what is said, of which scalar, and how it is shown."""
