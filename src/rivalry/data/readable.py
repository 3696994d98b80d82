"""The samples of a data set that can be read.

A picture that is missing or broken is an error that names it, unless a data set is asked for through `Readable`. Then
every picture is read once, ahead of all else, and those that cannot be read are no part of the set: an epoch has the
same length on every rank, an index means one picture in every epoch, and no analysis counts what was never seen.
"""

import csv
import hashlib
import warnings
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.progress import track
from torch.utils.data import DataLoader, Dataset

from rivalry.cache import cache_folder, written_whole
from rivalry.data.dataset import ImageDataset, Sample
from rivalry.data.decoding import UnreadableError


class Readable(ImageDataset):
    """A data set without the pictures that cannot be read, of which a warning tells.

    What was found is kept in the cache (``readable/…/unreadable.csv``) under the fingerprint of the whole, so that the
    reading is done once; delete it to have the pictures read again.

    Args:
        whole: The data set; it must read pictures when they are asked for (`ImageParquet` with ``cache=False``).
        workers: Processes that read for the check; 0 reads in this one.

    Raises:
        ValueError: If no picture can be read; the message names the first.
    """

    def __init__(self, whole: ImageDataset, *, workers: int = 0) -> None:
        self.whole = whole
        self.classes, self.concepts = whole.classes, whole.concepts
        folder = cache_folder("readable") / hashlib.blake2b(whole.fingerprint.encode(), digest_size=16).hexdigest()
        self.report = folder / "unreadable.csv"
        if not folder.is_dir():
            _write_report(folder, _unreadable(whole, workers))
        self.unreadable = _read_report(self.report)
        self.positions = [index for index in range(len(whole)) if index not in self.unreadable]
        first = next(iter(self.unreadable.values()), "")
        if not self.positions:
            raise ValueError(f"none of {len(whole)} pictures can be read; the first: {first}")
        if self.unreadable:
            warnings.warn(
                f"{len(self.unreadable)} of {len(whole)} pictures cannot be read and are left out; the first: {first}; "
                f"all stand in {self.report}",
                stacklevel=2,
            )

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of the whole's fingerprint and of what is left out; the whole's own where nothing is."""
        if not self.unreadable:
            return self.whole.fingerprint
        said = f"{self.whole.fingerprint} without {sorted(self.unreadable)}"
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The labels of the pictures that can be read."""
        return self.whole.labels[self.positions]

    def prepare(self) -> None:
        """Prepare the whole."""
        self.whole.prepare()

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"there are readable pictures 0 to {len(self) - 1}; asked for {index}")
        return {**self.whole[self.positions[index]], "index": index}


class _Complaints(Dataset[str]):
    """What is wrong with each picture; empty where nothing is."""

    def __init__(self, whole: ImageDataset) -> None:
        self.whole = whole

    def __len__(self) -> int:
        return len(self.whole)

    def __getitem__(self, index: int) -> str:
        try:
            self.whole[index]
        except UnreadableError as error:
            return str(error)
        return ""


def _unreadable(whole: ImageDataset, workers: int) -> dict[int, str]:
    """Read every picture; say by index what is wrong with those that cannot be read."""
    loader: DataLoader[Any] = DataLoader(_Complaints(whole), batch_size=None, num_workers=workers)
    complaints = track(loader, "Reading every picture once", len(whole), disable=len(whole) < 1000, transient=True)
    return {index: complaint for index, complaint in enumerate(complaints) if complaint}


def _write_report(folder: Path, unreadable: dict[int, str]) -> None:
    with written_whole(folder) as draft, (draft / "unreadable.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("index", "complaint"), *unreadable.items()])


def _read_report(file: Path) -> dict[int, str]:
    with file.open(encoding="utf-8", newline="") as opened:
        return {int(row["index"]): row["complaint"] for row in csv.DictReader(opened)}
