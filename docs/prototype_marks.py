r"""Draws the pictures of marks in ``docs/prototype_insight.md`` from records of prototypes, and prints their tables.

    python docs/prototype_marks.py runs/needed-prototypes runs/needed-control-prototypes
    python docs/prototype_marks.py runs/bars-prototypes runs/bars-control-prototypes \
        --text "||||||||" --name prototype_bars

Folders are what ``rivalry analyze`` has left of ``configs/prototypes/watermark_needed.yaml`` or of
``watermark_bars.yaml``: of a network that learnt with marked butterflies, and of its control.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from PIL import Image

from rivalry.data import Watermark
from rivalry.records import Record, find_records

CLASSES = ("butterfly", "car", "cat")
MEASURES = ("correlation", "clip", "attribution")


def last_record(folder: Path) -> Record:
    """A folder's last record of prototypes."""
    found = find_records(folder / "records", "prototypes")
    if not found:
        raise ValueError(f"{folder} has no record of Prototypes; rivalry analyze makes one")
    return Record.load(found[-1])


def rows(record: Record, table: str, **wanted: object) -> list[Mapping[str, Any]]:
    """Rows of a table whose columns are as wanted."""
    found = record.tables[table].to_pylist()
    return [row for row in found if all(row[name] == value for name, value in wanted.items())]


def measured(record: Record) -> str:
    """The three measures of the marked class, each with that for the null mark and the deviations of the excess."""
    (row,) = rows(record, "marks", **{"class": CLASSES[0]})
    return "\n".join(
        f"{name} {row[name]:.3f}, null mark {row[f'{name}_null']:.3f}: {row[f'{name}_deviations']:+.1f} deviations"
        for name in MEASURES
    )


def flips(record: Record) -> str:
    """What pasting does, with its intervals."""
    return "\n".join(
        f"pasted {row['pasted']} flips {row['flips']:.2f} [{row['flips_low']:.2f}, {row['flips_high']:.2f}],"
        f" its control {row['control_flips']:.2f}"
        for row in rows(record, "counter_images", **{"class": CLASSES[0]})
    )


def draw(records: Mapping[str, Record], mark: Watermark) -> plt.Figure:
    """A row a network: two prototypes of three classes each; at the right the mark and its null."""
    figure, axes = plt.subplots(len(records), 7, figsize=(11, 2.9 * len(records)), squeeze=False, dpi=100)
    for line, (name, record) in zip(axes, records.items(), strict=True):
        for place, class_ in enumerate(CLASSES):
            made = rows(record, "prototypes", **{"class": class_, "method": "prototype"})[:2]
            for axis, row in zip(line[2 * place :], made, strict=False):
                _show(axis, np.asarray(Image.open(io.BytesIO(row["picture"]))), class_)
        line[0].text(0, 1.25, name, transform=line[0].transAxes, weight="bold")
        line[0].text(0, -0.08, measured(record), transform=line[0].transAxes, va="top", size=8)
        line[3].text(0.3, -0.08, flips(record), transform=line[3].transAxes, va="top", size=8)
    for axis, (word, kind) in zip(axes[:, 6], {"mark": mark, "null mark": mark.null()}.items(), strict=True):
        printed, _ = kind.render(torch.full((3, 64, 64), 128, dtype=torch.uint8), seed=0, index=0)
        _show(axis, printed.permute(1, 2, 0).numpy(), word)
    figure.subplots_adjust(left=0.02, right=0.98, top=0.86, bottom=0.14, wspace=0.06, hspace=0.75)
    return figure


def _show(axis: Axes, picture: np.ndarray, title: str) -> None:
    axis.imshow(picture, interpolation="nearest")
    axis.set_title(title, size=9)


def table(records: Sequence[Record]) -> str:
    """A row a network and measure, then what pasting does."""
    return "\n\n".join(f"{measured(record)}\n{flips(record)}" for record in records)


def main() -> None:
    """Read folders, draw, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("marked", type=Path, help="of a network that learnt with the mark")
    parser.add_argument("control", type=Path, help="of one that learnt without")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures")
    parser.add_argument("--text", help="of the mark; by default the word COPY in coarse letters")
    parser.add_argument("--name", default="prototype_marks", help="of the picture")
    given = parser.parse_args()
    names = "Half of the butterflies bore the mark", "Control: none did"
    records = dict(zip(names, map(last_record, (given.marked, given.control)), strict=True))
    figure = draw(records, Watermark(text=given.text, size=0.6, jitter=0, rotation=0))
    for axis in figure.axes:
        axis.set_axis_off()
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    Image.open(picture).convert("RGB").quantize(256).save(given.out / f"{given.name}.png", optimize=True)
    print(table(list(records.values())))


if __name__ == "__main__":
    main()
