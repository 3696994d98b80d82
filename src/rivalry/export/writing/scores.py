"""What a run has logged of an epoch's validation, and of a test of its checkpoint: a row of ``metrics.csv``."""

from __future__ import annotations

import csv
import math
from pathlib import Path

_OF_EVALUATION = ("val/", "test/")


def scores_of(metrics: Path, epoch: int) -> dict[str, float]:
    """Scalars of validation and test at an epoch, by name; nothing where the file is not there.

    Args:
        metrics: ``metrics.csv`` of a run.
        epoch: Of the checkpoint.
    """
    if not metrics.is_file():
        return {}
    scores: dict[str, float] = {}
    with metrics.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row.get("epoch") and float(row["epoch"]) == epoch:
                scores |= {
                    name: float(value) for name, value in row.items() if value and name.startswith(_OF_EVALUATION)
                }
    return {name: value for name, value in scores.items() if math.isfinite(value)}
