"""Draws ``docs/pictures/watermark_dose.png`` from the records of runs, and prints the tables of ``docs/watermarks.md``.

    python docs/watermark_dose.py runs/watermark-*

Each run is one of ``configs/watermark/picturebook.yaml``. Its dose and competitors are read from its ``config.yaml``,
its reliance from the last record of the probe.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import yaml
from PIL import Image

from rivalry.lens.dose_chart import Dosed, dose_chart
from rivalry.records import Record

RELIANCE = ("accuracy_clean", "accuracy_gap", "accuracy_gap_excess", "attack_success")
RELIANCE += ("attack_success_null", "attack_success_excess", "relevance_lift")
LAYERS = ("decodability", "decodability_floor", "best_detector", "carrying_units", "attack_success")
LAYERS += ("attack_success_silenced", "attack_success_random", "accuracy", "accuracy_silenced")


def read(run: Path) -> Dosed:
    """A run's last record with its dose and kind of network."""
    config: dict[str, Any] = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    competitors = config["model"]["backbone"]["competitors"]
    headers = sorted(run.rglob("epoch=*/watermark/record.json"), key=lambda file: file.parts[-3])
    if not headers:
        raise ValueError(f"{run} has no record of a watermark probe; rivalry analyze makes one")
    kind = "ReLU" if competitors == 1 else f"LWTA, U = {competitors}"
    return Dosed(Record.load(headers[-1].parent), float(config["data"]["train"]["init_args"]["share"]), kind)


@dataclass(frozen=True)
class Cell:
    """What several seeds have found: their mean, from the lowest lower to the highest upper end of their intervals."""

    values: Sequence[dict[str, float]]

    def __str__(self) -> str:
        low, high = min(row["low"] for row in self.values), max(row["high"] for row in self.values)
        return f"{mean(row['value'] for row in self.values):.3f} [{low:.3f}, {high:.3f}]"


def reliance_table(groups: dict[tuple[str, float], list[Record]]) -> str:
    """A row for each kind and dose, a column for each metric."""
    lines = [
        f"| network | p | seeds | {' | '.join(f'`{name}`' for name in RELIANCE)} |",
        "|---" * (len(RELIANCE) + 3) + "|",
    ]
    for (kind, share), records in groups.items():
        tables = [{row["metric"]: row for row in record.tables["reliance"].to_pylist()} for record in records]
        cells = [str(Cell([table[name] for table in tables])) for name in RELIANCE]
        lines.append(f"| {kind} | {share:g} | {len(records)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def layer_table(groups: dict[tuple[str, float], list[Record]]) -> str:
    """A row for each kind, dose and layer: means over seeds, and the seeds' numbers of carrying units."""
    lines = [
        f"| network | p | layer | {' | '.join(f'`{name}`' for name in LAYERS)} |",
        "|---" * (len(LAYERS) + 3) + "|",
    ]
    for (kind, share), records in groups.items():
        tables = [{row["layer"]: row for row in record.tables["layers"].to_pylist()} for record in records]
        for layer in tables[0]:
            cells = [_over_seeds(name, [table[layer][name] for table in tables]) for name in LAYERS]
            lines.append(f"| {kind} | {share:g} | `{layer}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _over_seeds(name: str, values: Sequence[float | None]) -> str:
    if name == "carrying_units":
        return ", ".join("none" if value is None else f"{value:d}" for value in values)
    known = [value for value in values if value is not None]
    return f"{mean(known):.2f}" if known else ""


def main() -> None:
    """Read runs, draw, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, help="folders of runs")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures" / "watermark_dose.png")
    given = parser.parse_args()
    dosed = sorted((read(run) for run in sorted(given.runs)), key=lambda one: (one.network != "ReLU", one.share))
    groups: dict[tuple[str, float], list[Record]] = {}
    for one in dosed:
        groups.setdefault((one.network, one.share), []).append(one.record)
    Image.fromarray(dose_chart(dosed)).quantize(128).save(given.out, optimize=True)
    print(reliance_table(groups), layer_table(groups), sep="\n\n")


if __name__ == "__main__":
    main()
