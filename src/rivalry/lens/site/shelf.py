"""A run's records as the site reads them: opened as little as possible, and none of them a reason to stop.

A record that is broken, not whole or of another version becomes a :class:`Problem` that the site tells of; all others
are :class:`Volume` s, whose tables are read when a page wants them.
"""

from __future__ import annotations

import csv
import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rivalry.lens.site.kinds import Kind, kind_of
from rivalry.numerics.nearest import nearest
from rivalry.records import Record, check_record_name, find_records, read_header

ROOTS = ("records", "analyses/records")
"""Where records lie in a run's folder: those of the training, and those of ``rivalry analyze`` after it."""


@dataclass(frozen=True)
class Problem:
    """Something that a page cannot show.

    Attributes:
        where: The record or page, in words.
        what: What is missing or wrong, in a sentence.
    """

    where: str
    what: str


@dataclass(frozen=True)
class Volume:
    """One record.

    Attributes:
        folder: Where it lies.
        afterwards: Whether ``rivalry analyze`` has made it, when the training was over.
        name: Of the analysis.
        epoch: Of the training.
        step: Optimiser steps done.
        scalars: Single numbers.
        settings: How it was found.
        columns: Of its tables.
        images: Names of its pictures.
        kind: What pages show it; None for an analysis of the user's own.
        digest: Changes where the record does.
    """

    folder: Path
    afterwards: bool
    name: str
    epoch: int
    step: int
    scalars: Mapping[str, float]
    settings: Mapping[str, Any]
    columns: Mapping[str, Sequence[str]]
    images: Mapping[str, str]
    kind: Kind | None
    digest: str

    @classmethod
    def open(cls, folder: Path, *, afterwards: bool = False) -> Volume:
        """Read what a record says of itself, and its tables' columns.

        Raises:
            ValueError: If it cannot be read.
        """
        digest = _digest(folder)  # before all else: a record that is replaced meanwhile then differs
        header = read_header(folder)
        _check(header)
        try:
            columns = {name: pq.read_schema(folder / file).names for name, file in header["files"]["tables"].items()}
            for file in header["files"]["images"].values():
                (folder / file).stat()
        except (OSError, pa.ArrowException) as error:
            raise ValueError(f"a file of it cannot be read: {error}") from error
        record = Record.load(folder, tables=())
        return cls(
            folder, afterwards, record.name, record.epoch, record.step, record.scalars, record.settings, columns,
            dict(header["files"]["images"]), kind_of(columns), digest,
        )  # fmt: skip

    def has(self, table: str, *columns: str) -> bool:
        """Whether there is such a table with these columns."""
        return table in self.columns and set(columns) <= set(self.columns[table])

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a table, or those of these columns that it has. Not kept: a section keeps what it needs again.

        Raises:
            ValueError: If there is no such table, or it cannot be read.
        """
        if name not in self.columns:
            raise ValueError(f"record {self.name!r} of epoch {self.epoch} has no table {name!r}")
        wanted = None if columns is None else [column for column in columns if column in self.columns[name]]
        try:
            return pq.read_table(self.folder / f"{name}.parquet", columns=wanted)
        except (OSError, pa.ArrowException) as error:
            raise ValueError(f"table {name!r} of record {self.name!r}, epoch {self.epoch}: {error}") from error

    def scalar(self, name: str) -> float | None:
        """A scalar, None where it is not there or not a finite number."""
        value = self.scalars.get(name)
        return value if value is not None and math.isfinite(value) else None

    def record(self) -> Record:
        """The whole record, for those who draw it."""
        return Record.load(self.folder)


@dataclass(frozen=True)
class Shelf:
    """All records of a run, and its metrics.

    Attributes:
        root: The run's folder, a dissected checkpoint's, or any with records.
        volumes: By epoch and then by name; those made after the training come last.
        problems: Records that could not be read.
        metrics: Rows of ``metrics.csv`` that name an epoch: numbers by name.
    """

    root: Path
    volumes: Sequence[Volume]
    problems: Sequence[Problem] = ()
    metrics: Sequence[Mapping[str, float]] = field(default_factory=list)

    @classmethod
    def open(cls, root: Path) -> Shelf:
        """Look at all records under a run's folder.

        Raises:
            ValueError: If the folder holds none, naming folders beside it that do.
        """
        volumes: list[Volume] = []
        problems: list[Problem] = []
        roots = [root / place for place in ROOTS if (root / place).is_dir()] or ([root] if _holds_epochs(root) else [])
        if not roots:
            raise ValueError(_no_records(root))
        for place in roots:
            for folder in [*find_records(place), *_headless(place)]:
                try:
                    volume = Volume.open(folder, afterwards=place.parent.name == "analyses")
                    _check_alone(volume, volumes)
                    volumes.append(volume)
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
                    problems.append(Problem(f"{folder.parent.name}/{folder.name}", f"left out: {error}"))
        try:
            metrics = _metrics(root / "metrics.csv")
        except (OSError, csv.Error) as error:
            metrics = []
            problems.append(Problem("metrics.csv", f"left out: {error}"))
        return cls(root, volumes, problems, metrics)

    @property
    def name(self) -> str:
        """Of the run."""
        return self.root.resolve().name

    def of(self, kind: Kind, name: str | None = None) -> list[Volume]:
        """Records of a kind, by epoch."""
        return [one for one in self.volumes if one.kind == kind and (name is None or one.name == name)]

    def names(self, kind: Kind) -> list[str]:
        """Names of the analyses of a kind, in the order in which they first come."""
        return list(dict.fromkeys(one.name for one in self.of(kind)))

    def last(self, kind: Kind, name: str | None = None, *, epoch: int | None = None) -> Volume | None:
        """The last record of a kind, or the last that is not after an epoch; of one epoch the one made last."""
        those = [one for one in self.of(kind, name) if epoch is None or one.epoch <= epoch]
        return max(reversed(those), key=lambda one: one.epoch, default=None)

    @property
    def epochs(self) -> list[int]:
        """All epochs that have a record."""
        return sorted({one.epoch for one in self.volumes})

    def curve(self, metric: str) -> list[tuple[int, float]]:
        """A metric of the training over its epochs, such as ``val/top1``: the last value of each."""
        values = {int(row["epoch"]): row[metric] for row in self.metrics if metric in row}
        return sorted(values.items())


def _check(header: Mapping[str, Any]) -> None:
    """Refuse what no record says of itself: a count that is none, settings without names, files that lie elsewhere.

    Raises:
        ValueError: Saying what is wrong.
    """
    if type(header["epoch"]) is not int or type(header["step"]) is not int:
        raise ValueError(f"epoch and step are whole numbers, got {header['epoch']!r:.40} and {header['step']!r:.40}")
    if not isinstance(header["settings"], dict):
        raise ValueError("its settings have no names")
    for kind, ending in (("tables", "parquet"), ("images", "png")):
        for name, file in header["files"][kind].items():
            check_record_name(name)
            if file != f"{name}.{ending}":
                raise ValueError(f"{name!r} of its {kind} lies in {file!r:.80}, wanted {name}.{ending}")


def _check_alone(volume: Volume, before: Sequence[Volume]) -> None:
    """Refuse a second record of the same analysis and epoch, such as a copy of its folder.

    Raises:
        ValueError: Naming the folder of the first.
    """
    own = (volume.afterwards, volume.epoch, volume.name)
    for one in before:
        if (one.afterwards, one.epoch, one.name) == own:
            there = f"{one.folder.parent.name}/{one.folder.name}"
            raise ValueError(f"it says that it is {volume.name!r} of epoch {volume.epoch}, as {there} does")


def _digest(folder: Path) -> str:
    known = hashlib.blake2b(digest_size=12)
    for file in sorted(folder.iterdir()):
        known.update(os.fsencode(f"{file.name} {file.stat().st_size} {file.stat().st_mtime_ns}\n"))
    return known.hexdigest()


def _headless(place: Path) -> list[Path]:
    """Folders that hold what might be a record, but for its ``record.json``."""
    return [folder for folder in sorted(place.glob("epoch=*/[!.]*")) if _is_headless(folder)]


def _is_headless(folder: Path) -> bool:
    try:
        return folder.is_dir() and not (folder / "record.json").is_file() and any(folder.iterdir())
    except OSError:  # it is taken away, or replaced, at this moment
        return False


def holds_records(root: Path) -> bool:
    """Whether there is any record in a run's folder."""
    return any(_holds_epochs(place) for place in (*(root / one for one in ROOTS), root))


def _holds_epochs(root: Path) -> bool:
    return root.is_dir() and any(root.glob("epoch=*"))


def _no_records(root: Path) -> str:
    runs = [str(path.parent) for path in sorted(root.parent.glob("*/records")) if path.is_dir()]
    meant = f"; nearest: {nearest(str(root), runs)}" if runs else ""
    what = "holds no records" if root.is_dir() else "is no folder"
    return f"{root} {what}: wanted the folder of a run, or of a dissected checkpoint{meant}"


def _metrics(file: Path) -> list[dict[str, float]]:
    """Rows with an epoch; numbers that cannot be read are not there."""
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8", errors="replace") as lines:
        rows = [{name: number for name, text in row.items() if (number := _number(text)) is not None}
                for row in csv.DictReader(lines)]  # fmt: skip
    return [row for row in rows if "epoch" in row]


def _number(text: Any) -> float | None:
    try:
        number = float(text)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
