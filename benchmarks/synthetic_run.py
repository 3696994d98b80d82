"""A run that nobody has trained, of any size: records of every kind, to measure and to try the lens site with.

    python benchmarks/synthetic_run.py OUT --units 100000 --classes 1000
    python benchmarks/synthetic_run.py OUT --units 64 --hostile true        names that a careless page would run

Numbers are drawn by chance, pictures are shared from a pool of some hundred. What they are called and how they are laid
out is what the analyses write; ``tests/lens/site/test_synthetic_run.py`` holds the two against one another.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from synthetic.bases import basis, detectors
from synthetic.classes import concepts, prototypes
from synthetic.probes import clusters, own, registers, watermark
from synthetic.units import activity, emergence, neurons, profiles
from synthetic.world import Moment, make_world

from rivalry.records import Record

KINDS = (activity, neurons, profiles, emergence, clusters, registers, watermark, detectors, basis, concepts, prototypes,
         own)  # fmt: skip


def write_run(
    root: Path,
    *,
    layers: int,
    units: int,
    classes: int,
    epochs: int,
    pictures: int,
    seed: int = 0,
    hostile: bool = False,
    first: int = 0,
) -> Path:
    """Write the folder of a run: records of every kind at every second epoch, and ``metrics.csv``.

    Args:
        root: The folder; records that it holds are replaced.
        layers: Number of layers with competition.
        units: Of all layers together; each has whole blocks of four.
        classes: Number of classes.
        epochs: At how many epochs all analyses look: 1, 3, 5 …
        pictures: Of the probe set.
        seed: Of all that is drawn.
        hostile: Whether the first classes, concepts and layers have names that a careless page would run.
        first: Which of these epochs is the first that is written: those before it are there already.

    Returns:
        The folder.

    Raises:
        ValueError: If a number is too small.
    """
    if epochs < 1:
        raise ValueError(f"wanted 1 epoch or more, got {epochs}")
    world = make_world(layers=layers, units=units, classes=classes, pictures=pictures, seed=seed, hostile=hostile)
    looked = [2 * place + 1 for place in range(epochs)]
    said: list[dict[str, float]] = [_trained(epoch, looked[-1]) for epoch in range(looked[-1] + 1)]
    for place in range(epochs):
        moment = Moment(place, tuple(looked[: place + 1]), (place + 1) / epochs)
        for kind in KINDS:
            record = kind(world, moment)
            if place >= first:
                record.save(root / "records")
            said[moment.epoch] |= _scalars(record)
    _write_metrics(root / "metrics.csv", said)
    return root


def _trained(epoch: int, last: int) -> dict[str, float]:
    top1 = 0.9 - 0.7 * math.exp(-3 * epoch / max(last, 1))
    return {"step": 62 * (epoch + 1), "epoch": epoch, "train/loss": 1 - top1, "val/top1": top1,
            "val/top5": 0.5 + top1 / 2, "val/loss": 1.1 - top1, "val/sampled_top1": top1 - 0.02}  # fmt: skip


def _scalars(record: Record) -> dict[str, float]:
    return {f"{record.name}/{name}": value for name, value in record.scalars.items()}


def _write_metrics(file: Path, rows: Sequence[dict[str, float]]) -> None:
    names = dict.fromkeys(name for row in rows for name in row)
    with file.open("w", newline="", encoding="utf-8") as written:
        table = csv.DictWriter(written, names)
        table.writeheader()
        table.writerows(rows)


def main(
    out: Path,
    units: int = 100_000,
    classes: int = 1000,
    layers: int = 16,
    epochs: int = 3,
    pictures: int = 50_000,
    seed: int = 0,
    hostile: bool = False,
) -> None:
    """Write a run that nobody has trained.

    Args:
        out: Its folder.
        units: Of all layers together.
        classes: Number of classes.
        layers: Number of layers.
        epochs: At how many epochs the analyses look.
        pictures: Of the probe set.
        seed: Of all that is drawn.
        hostile: Whether names are such as a careless page would run.
    """
    write_run(out, layers=layers, units=units, classes=classes, epochs=epochs, pictures=pictures, seed=seed,
              hostile=hostile)  # fmt: skip


if __name__ == "__main__":
    from jsonargparse import auto_cli

    auto_cli(main)
