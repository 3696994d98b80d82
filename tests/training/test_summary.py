"""What a run says when it is done."""

import io
import math
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from rivalry.records import Record
from rivalry.training.run import RunFolder
from rivalry.training.summary import latest_records, print_summary
from tests.lens.class_record import class_rows, concept_record

DISSECTION = Record(
    "neurons",
    1,
    4,
    scalars={
        "mean_margin": 0.5,
        "distinct_concepts": 12.0,
        "dead_units": 3.0,
        "confirmed": 0.5,
        "confirmed_floor": 0.1,
    },
    settings={"competitors": {"act1": 4}},
)
ACTIVITY = Record("activity", 1, 4, scalars={"active_fraction": 0.25}, settings={"competitors": {"act1": 4}})
EMERGENCE = Record(
    "emergence", 1, 4, scalars={"labels_unchanged": 0.75, "lost_concepts": 2.0, "distinct_concepts": 12.0}
)


def said(folder: Path, *records: Record, **scalars: float) -> str:
    console = Console(width=120, file=(out := io.StringIO()))
    print_summary(console, RunFolder(folder), {f"val/{name}": value for name, value in scalars.items()}, list(records))
    return out.getvalue()


def lines(text: str) -> dict[str, str]:
    rows = [line.strip("│ ").split("│") for line in text.splitlines() if line.startswith("│")]
    return {name.strip(): value.strip() for name, value in rows}


def test_every_record_has_its_lines(tmp_path: Path) -> None:
    assert lines(said(tmp_path, ACTIVITY, DISSECTION, EMERGENCE, top1=0.9)) == {
        "accuracy, argmax": "90.0 %",
        "active share of the layers that compete": "25.0 %",
        "distinct concepts among the labels": "12",
        "units without a label: they never won": "3",
        "labels that the masks confirm": "50.0 %",
        "… if the labels were shuffled": "10.0 %",
        "labels unchanged since the epoch before": "75.0 %",
        "concepts lost since the epoch before": "2",
    }


def test_concepts_have_lines_a_picture_and_a_command_for_more(tmp_path: Path) -> None:
    found = {"classes": 16.0, "unexplained": 0.25, "relative_l2": 0.3, "stability": 0.9, "strategies": 2.5}
    text = said(tmp_path, replace(concept_record(class_rows()), scalars=found))
    assert lines(text) == {
        "classes with concepts": "16",
        "part of their logits that no concept explains": "25.0 %",
        "activations that concepts do not give back, relative ℓ2": "0.30",
        "concepts that other pictures lead to as well, mean cosine": "0.90",
        "strategies of a class": "2.5",
    }
    assert f"rivalry concepts {tmp_path}" in text
    assert (tmp_path / "concepts.png").is_file()
    assert "rivalry concepts" not in said(tmp_path, ACTIVITY)


def test_two_dissections_are_told_apart(tmp_path: Path) -> None:
    other = replace(DISSECTION, name="late", scalars={"mean_margin": 0.1, "distinct_concepts": 7.0})
    found = lines(said(tmp_path, DISSECTION, other))
    assert found["neurons: distinct concepts among the labels"] == "12"
    assert found["late: distinct concepts among the labels"] == "7"
    assert found["labels that the masks confirm"] == "50.0 %"


def test_what_is_not_known_is_not_said(tmp_path: Path) -> None:
    first = replace(EMERGENCE, scalars={**EMERGENCE.scalars, "labels_unchanged": math.nan})
    dense = replace(ACTIVITY, settings={"competitors": {}})
    assert set(lines(said(tmp_path, first, dense))) == {
        "concepts lost since the epoch before",
        "active share of the layers",
    }


def test_the_latest_record_of_each_analysis_counts(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert latest_records(folder) == []
    for record in (replace(DISSECTION, epoch=0), DISSECTION, replace(ACTIVITY, epoch=0)):
        record.save(folder.records)
    assert [(record.name, record.epoch) for record in latest_records(folder)] == [("activity", 0), ("neurons", 1)]


def test_clusters_registers_and_watermarks_have_theirs(tmp_path: Path) -> None:
    clusters = Record(
        "clusters", 1, 4, scalars={"silhouette": 0.2, "miou": 0.31, "miou_slic": 0.3, "drift_ari": math.nan}
    )
    registers = Record("registers", 1, 4, scalars={"layers_with_outliers": 0.0, "outlier_fraction": 0.0})
    scalars = {"attack_success_excess": 0.1, "attack_success_lift": 0.5, "accuracy_gap": 0.25, "carrying_units": 3.0}
    watermark = Record("watermark", 1, 4, scalars=scalars)
    assert lines(said(tmp_path, clusters, registers, watermark)) == {
        "clusters and masks, mean IoU": "0.31",
        "… of superpixels instead": "0.30",
        "layers in which patches serve as registers": "0",
        "… patches that do, of the layer with most": "0.0 %",
        "pictures taken for the target because of the mark": "50.0 %",
        "accuracy that the mark costs": "25.0 %",
        "units that carry the mark": "3",
    }


def test_detectors_and_bases_have_theirs(tmp_path: Path) -> None:
    detectors = Record(
        "detectors", 1, 4, scalars={"detectors": 12.0, "unique_detectors": 5.0, "undetectable_concepts": 2.0}
    )
    basis = Record(
        "basis", 1, 4, scalars={"s1_unsupervised": 8.25, "s1_natural": 6.0, "s2_unsupervised": 3.0, "detectors": 40.0}
    )
    assert lines(said(tmp_path, detectors, basis)) == {
        "units that detect a concept": "12",
        "concepts that they detect": "5",
        "… that none can detect at this threshold": "2",
        "interpretability S¹ of a basis found without labels": "8.2",
        "… S¹ of the units themselves": "6.0",
        "S², concepts once, of a basis found without labels": "3.0",
    }
