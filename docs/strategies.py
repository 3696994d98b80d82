"""Draws the two pictures of ``docs/strategies.md`` from records of concepts, and prints its table.

    python docs/strategies.py runs/misled runs/strategies-*

Folders are what ``rivalry analyze`` has left of two studies in ``configs/concepts/``. The first is of
``watermark_everywhere.yaml``; its page becomes ``strategies.png``. Any ``strategies-pDOSE-…`` is of
``watermark_picturebook.yaml``, for a network that learnt with the mark on a share DOSE of the class; their
graphs become ``strategies_by_dose.png``. Whether the units of a network compete is read from its record.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from PIL import Image

from rivalry.lens.class_page import class_page
from rivalry.lens.network_kind import network_kind
from rivalry.lens.strategy_graphs import Drawn, strategy_graphs
from rivalry.records import Record, find_records

COLUMNS = (
    *("network", "learnt at", "networks", "pictures", "without the mark", "strategies"),
    *("AMI", "AMI by chance", "told by strategy", "told by the commoner"),
)


def last_record(folder: Path) -> Record:
    """A folder's last record of concepts."""
    found = find_records(folder / "records", "concepts")
    if not found:
        raise ValueError(f"{folder} has no record of a ConceptExtraction; rivalry analyze makes one")
    return Record.load(found[-1])


def read(folder: Path) -> Drawn:
    """A folder's last record of concepts, with the kind of its network and its dose."""
    dose = re.fullmatch(r"strategies-p([0-9.]+)(-.*)?", folder.name)
    if dose is None:
        raise ValueError(f"{folder.name!r} does not say the dose; wanted strategies-pDOSE-…, as strategies-p0.9-s0")
    record = last_record(folder)
    return Drawn(record, network_kind(record), f"p = {float(dose[1]):g}")


def table(runs: Sequence[Drawn]) -> str:
    """A row a kind of network and dose: means over networks, with the lowest and the highest."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    groups: dict[tuple[str, str], list[Record]] = {}
    for run in runs:
        groups.setdefault((run.row, run.column), []).append(run.record)
    for (kind, dose), records in groups.items():
        rows = [record.tables["classes"].to_pylist()[0] for record in records]
        cells = (
            _span([row["images"] for row in rows], ".0f"),
            _span([row["images"] * (1 - row["marked_share"]) for row in rows], ".0f"),
            _span([row["strategies"] for row in rows], ".0f"),
            _span([row["marked_ami"] for row in rows], ".2f"),
            f"{max(row['marked_ami_high'] for row in rows):.2f}",
            _span([_told(record) for record in records], ".0%"),
            _span([max(row["marked_share"], 1 - row["marked_share"]) for row in rows], ".0%"),
        )
        lines.append(f"| {kind} | {dose} | {len(rows)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _told(record: Record) -> float:
    """Share of the pictures that bear the mark, or do not, as most of their strategy."""
    rows: Sequence[Mapping[str, Any]] = record.tables["strategies"].to_pylist()
    alike = [row["images"] * max(row["marked_share"], 1 - row["marked_share"]) for row in rows]
    return float(sum(alike) / sum(row["images"] for row in rows))


def _span(values: Sequence[float], form: str) -> str:
    low, high = f"{min(values):{form}}", f"{max(values):{form}}"
    return f"{mean(values):{form}} [{low}, {high}]" if low != high else low


def main() -> None:
    """Read folders, draw, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("misled", type=Path, help="folder of a network that was shown the mark on all classes")
    parser.add_argument("folders", nargs="+", type=Path, help="folders of networks that were shown it on one")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures")
    given = parser.parse_args()
    runs = [read(folder) for folder in sorted(given.folders)]
    runs.sort(key=lambda one: (one.row != "ReLU", one.row, one.column))
    pictures = {"strategies": class_page(last_record(given.misled)), "strategies_by_dose": strategy_graphs(runs)}
    for name, picture in pictures.items():
        Image.fromarray(picture).quantize(256).save(given.out / f"{name}.png", optimize=True)
    print(table(runs))


if __name__ == "__main__":
    main()
