"""What a run says when it is done: a table, a picture of its neurons, and where to look next."""

from __future__ import annotations

import math

from PIL import Image
from rich.console import Console
from rich.table import Table

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
        lines.append(f"  {folder.records}  every unit's label, score and top images, as parquet tables")
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


def _table(scalars: dict[str, float], records: list[Record]) -> Table:
    table = Table(title="What came out", title_justify="left", show_header=False)
    rows = [
        ("accuracy, argmax", _percent(scalars.get("val/top1"))),
        ("accuracy, averaged draws", _percent(scalars.get("val/sampled_top1"))),
    ]
    found = {f"{record.name}/{name}": value for record in records for name, value in record.scalars.items()}
    compete = any(record.settings.get("competitors") for record in records)
    rows += [
        (
            "active share of the layers that compete" if compete else "active share of the layers",
            _percent(_ending(found, "/active_fraction")),
        ),
        ("distinct concepts among the labels", _count(_ending(found, "/distinct_concepts"))),
        ("units that never won", _count(_ending(found, "/dead_units"))),
        ("labels that the masks confirm", _percent(_ending(found, "/confirmed"))),
        ("… if the labels were shuffled", _percent(_ending(found, "/confirmed_floor"))),
    ]
    for name, value in rows:
        if value:
            table.add_row(name, value)
    return table


def _ending(values: dict[str, float], end: str) -> float | None:
    return next((value for name, value in values.items() if name.endswith(end)), None)


def _percent(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{100 * value:.1f} %"


def _count(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.0f}"
