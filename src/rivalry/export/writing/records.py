"""Which records of a run go with a checkpoint: of every analysis the last one that is not younger than it."""

from __future__ import annotations

import shutil
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rivalry.export.folder import StoredRecord
from rivalry.records import Record, find_records

Kept = Literal["last", "all", "none"]
"""Which records are copied."""


@dataclass(frozen=True)
class FoundRecord:
    """A record of the run.

    Attributes:
        folder: Where it lies.
        root: The folder of records in which that is.
        header: The record without its tables and pictures.
        same_weights: Whether it is, to the last bit, of the weights that are exported.
    """

    folder: Path
    root: Path
    header: Record
    same_weights: bool

    @property
    def stored(self) -> StoredRecord:
        """What it is in a dissected checkpoint."""
        return StoredRecord(self.header.name, self.header.epoch)


def find_fitting(roots: Sequence[Path], epoch: int, weights: str) -> list[FoundRecord]:
    """All records up to an epoch, one of each analysis and epoch, by epoch and then by name.

    Where several folders hold one, that of these very weights counts, else that of the later folder.

    Args:
        roots: Folders of records, those that are not there left out.
        epoch: Of the checkpoint.
        weights: Fingerprint of the exported network.
    """
    found = []
    for root in roots:
        for folder in find_records(root, before=epoch + 1) if root.is_dir() else ():
            header = Record.load(folder, tables=())
            found.append(FoundRecord(folder, root, header, header.settings.get("weights") == weights))
    best = _best((record.stored, record) for record in found)
    return sorted(best, key=lambda record: (record.header.epoch, record.header.name))


def last_of_each(records: Iterable[FoundRecord]) -> list[FoundRecord]:
    """Of every analysis the record of these very weights, else that of the last epoch; by name."""
    return sorted(_best((one.header.name, one) for one in records), key=lambda record: record.header.name)


def copy_records(records: Iterable[FoundRecord], folder: Path) -> None:
    """Copy records byte by byte to their places in a dissected checkpoint; what else lies beside them stays there."""
    for record in records:
        place = folder / record.stored.path
        place.mkdir(parents=True)
        for file in sorted(record.folder.iterdir()):
            if file.name == "record.json" or file.suffix in (".parquet", ".png"):
                shutil.copyfile(file, place / file.name)


def _best(candidates: Iterable[tuple[Hashable, FoundRecord]]) -> list[FoundRecord]:
    """The best record of each key; of equals the last."""
    best: dict[Hashable, FoundRecord] = {}
    for key, record in candidates:
        if key not in best or _rank(record) >= _rank(best[key]):
            best[key] = record
    return list(best.values())


def _rank(record: FoundRecord) -> tuple[bool, int]:
    return record.same_weights, record.header.epoch
