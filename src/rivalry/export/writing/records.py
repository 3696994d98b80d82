"""Which records of a run go with a checkpoint: of every analysis the last one that is not younger than it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rivalry.export.folder import StoredRecord
from rivalry.recording.directions import MARK
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
        instead_of: Folders of others of its name and epoch, which stay behind.
    """

    folder: Path
    root: Path
    header: Record
    same_weights: bool
    instead_of: tuple[Path, ...] = ()

    @property
    def of_directions(self) -> bool:
        """Whether it has heard directions alone, which are no layers of the network (``layer3@basis``)."""
        layers = self.header.settings.get("layers")
        return isinstance(layers, list) and bool(layers) and all(MARK in str(layer) for layer in layers)

    @property
    def stored(self) -> StoredRecord:
        """What it is in a dissected checkpoint."""
        return StoredRecord(self.header.name, self.header.epoch)


def find_fitting(roots: Sequence[Path], epoch: int, weights: str) -> list[FoundRecord]:
    """All records up to an epoch, one of each analysis and epoch, by epoch and then by name.

    Where several folders hold one, that which has heard the network and not directions alone counts, then that of these
    very weights, then that of the later folder; it names the others.

    Args:
        roots: Folders of records, those that are not there left out.
        epoch: Of the checkpoint.
        weights: Fingerprint of the exported network.
    """
    found: dict[StoredRecord, list[FoundRecord]] = {}
    for root in roots:
        for folder in find_records(root, before=epoch + 1) if root.is_dir() else ():
            header = Record.load(folder, tables=())
            record = FoundRecord(folder, root, header, header.settings.get("weights") == weights)
            found.setdefault(record.stored, []).append(record)
    return sorted(map(_best, found.values()), key=lambda record: (record.header.epoch, record.header.name))


def last_of_each(records: Iterable[FoundRecord]) -> list[FoundRecord]:
    """Of every analysis the record of these very weights, else that of the last epoch; by name."""
    last = {record.header.name: record for record in sorted(records, key=_rank)}
    return [last[name] for name in sorted(last)]


def copy_records(records: Iterable[FoundRecord], folder: Path) -> None:
    """Copy records byte by byte to their places in a dissected checkpoint; what else lies beside them stays there."""
    for record in records:
        place = folder / record.stored.path
        place.mkdir(parents=True)
        for file in sorted(record.folder.iterdir()):
            if file.name == "record.json" or file.suffix in (".parquet", ".png"):
                shutil.copyfile(file, place / file.name)


def _best(same: Sequence[FoundRecord]) -> FoundRecord:
    """Of records of one name and epoch the best, of equals the last."""
    *others, best = sorted(same, key=_rank)
    return replace(best, instead_of=tuple(one.folder for one in others))


def _rank(record: FoundRecord) -> tuple[bool, bool, int]:
    return not record.of_directions, record.same_weights, record.header.epoch
