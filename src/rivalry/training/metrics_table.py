"""``metrics.csv``: every scalar of a run, one row a step; readable while the run goes on, continued when it resumes."""

from __future__ import annotations

import csv
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only


class MetricsTable(Logger):
    """Writes scalars into one CSV file. What was logged at the same step stands in one row.

    Lightning's own CSVLogger starts anew, deleting the file, when a run resumes, and writes a folder a version.

    Args:
        file: The CSV file; rows that it holds are kept.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        self._rows: dict[int, dict[str, Any]] = _read(file)
        self._changed = False

    @property
    def name(self) -> str:
        """Name of the run's folder."""
        return self.file.parent.name

    @property
    def version(self) -> str:
        """A run has one."""
        return ""

    @property
    def log_dir(self) -> str:
        """The run's folder."""
        return str(self.file.parent)

    @rank_zero_only
    def log_hyperparams(self, params: dict[str, Any] | Namespace, *_: Any, **__: Any) -> None:
        """Nothing: the settings stand in ``config.yaml``."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Add scalars to the row of a step."""
        self._rows.setdefault(step or 0, {}).update({name: float(value) for name, value in metrics.items()})
        self._changed = True

    @rank_zero_only
    def forget_from(self, step: int) -> None:
        """Leave out the rows of this step and of later ones: the run goes on from before them."""
        kept = {at: row for at, row in self._rows.items() if at < step}
        self._changed = self._changed or len(kept) < len(self._rows)
        self._rows = kept

    @rank_zero_only
    def save(self) -> None:
        """Write the file, whole and at once."""
        if not self._changed:
            return
        names = sorted({name for row in self._rows.values() for name in row} - {"epoch"})
        draft = self.file.with_suffix(".csv.new")
        with draft.open("w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, ["step", "epoch", *names])
            writer.writeheader()
            for step in sorted(self._rows):
                writer.writerow({"step": step, **self._rows[step]})
        draft.replace(self.file)
        self._changed = False

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Write what is not yet written."""
        self.save()


def _read(file: Path) -> dict[int, dict[str, Any]]:
    if not file.is_file():
        return {}
    with file.open(newline="", encoding="utf-8") as rows:
        return {int(row.pop("step")): {k: v for k, v in row.items() if v} for row in csv.DictReader(rows)}
