"""Rows of features by key, in a folder of files that many processes share.

A file holds ``keys`` (16 bytes a row) and ``features`` (one row each), and is mapped into memory while rows of it are
asked for, so that only these are read. Files never change: new rows make a new file, written aside and renamed. Small
files that have become many are merged into one, which is there before they go. In memory lie the keys, sorted, and
their places: 24 bytes a row.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

KEY = np.dtype("S16")
"""A key: a digest of 16 bytes. Zeros at its end count for nothing, and so all zeros are the lack of a key."""

Keys: TypeAlias = npt.NDArray[np.bytes_]

MANY_FILES = 64
"""Files that are merged into one when there are as many small ones."""

LARGE_FILE = 2**14
"""Rows from which on a file is not small."""

_ROW_BITS = 32

_TRIES = 4
"""How often to look again where another process merges files meanwhile."""


class FeatureFiles:
    """Features by key, on disk.

    Args:
        folder: Where the files lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: list[Path] = []
        self._keys: Keys = np.zeros(0, KEY)
        self._places: npt.NDArray[np.int64] = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self._keys)

    def hold(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Which of the keys are known; see :meth:`refresh`."""
        return self._find(keys) >= 0

    def refresh(self) -> None:
        """Learn of files that were added or went since, by whomever.

        Raises:
            ValueError: If a file cannot be read.
        """
        for _ in range(_TRIES):
            if self._learn(set(self.folder.glob("*.safetensors"))):
                return

    def add(self, keys: Keys, features: Float[Tensor, "batch features"]) -> Path:
        """Keep features for good, in a file of their own.

        Returns:
            The file.
        """
        rows = torch.from_numpy(np.frombuffer(keys.tobytes(), np.uint8).copy()).view(len(keys), KEY.itemsize)
        file = self.folder / f"{hashlib.sha256(keys.tobytes()).hexdigest()[:32]}.safetensors"
        write(file, {"keys": rows, "features": features.float().cpu().contiguous()})
        self.refresh()
        return file

    def get(self, keys: Keys) -> Float[Tensor, "batch features"]:
        """Features in the order of the keys.

        Raises:
            ValueError: If one is not there.
        """
        for _ in range(_TRIES):
            try:
                return self._gather(keys)
            except FileNotFoundError:  # merged by another process: its rows lie elsewhere now
                self.refresh()
        return self._gather(keys)

    def merge(self) -> None:
        """Make one file of :data:`MANY_FILES` small ones, as often as there are so many.

        Others may read and merge meanwhile: a file goes only after all its rows are in another.
        """
        self.refresh()
        rows = np.bincount(self._places >> _ROW_BITS, minlength=len(self._files))
        small = [file for file, count in zip(self._files, rows.tolist(), strict=True) if count < LARGE_FILE]
        groups = [small[start : start + MANY_FILES] for start in range(0, len(small), MANY_FILES)]
        for group in groups:
            if len(group) == MANY_FILES:
                self._merge(group)

    def _merge(self, files: list[Path]) -> None:
        try:
            keys = _as_keys(torch.cat([read(file, "keys") for file in files]))
            features = torch.cat([read(file, "features") for file in files])
        except FileNotFoundError:  # another process is merging
            return
        once, first = np.unique(keys, return_index=True)
        merged = self.add(once, features[torch.from_numpy(first)])
        for file in set(files) - {merged}:
            file.unlink(missing_ok=True)
        self.refresh()

    def _learn(self, there: set[Path]) -> bool:
        """Read the keys of new files; begin anew where one that was known is gone. False if one goes meanwhile."""
        if not there.issuperset(self._files):
            self._files, self._keys, self._places = [], np.zeros(0, KEY), np.zeros(0, np.int64)
        new = there.difference(self._files)
        keys, places = [self._keys], [self._places]
        for file in sorted(new):
            try:
                keys.append(_as_keys(read(file, "keys")))
            except FileNotFoundError:  # merged just now, and the merged file need not be among these
                continue
            places.append((len(self._files) << _ROW_BITS) + np.arange(len(keys[-1])))
            self._files.append(file)
        if len(keys) > 1:
            all_keys = np.concatenate(keys)
            order = np.argsort(all_keys, kind="stable")
            self._keys, self._places = all_keys[order], np.concatenate(places)[order]
        return new.issubset(self._files)

    def _find(self, keys: Keys) -> npt.NDArray[np.int64]:
        """Number of the file and row in it, as one number; -1 where the key is not known."""
        if not len(self._keys):
            return np.full(len(keys), -1)
        found = np.searchsorted(self._keys, keys).clip(max=len(self._keys) - 1)
        return np.where(self._keys[found] == keys, self._places[found], -1)

    def _gather(self, keys: Keys) -> Tensor:
        places = self._find(keys)
        if (places < 0).any():
            raise ValueError(
                f"features of {(places < 0).sum()} pictures are not in {self.folder}; was it deleted meanwhile?"
            )
        order = np.argsort(places)  # by file and row: every file is opened once and read forwards
        numbers, starts = np.unique(places[order] >> _ROW_BITS, return_index=True)
        features = torch.empty(0)
        for number, here in zip(numbers.tolist(), np.split(order, starts[1:]), strict=True):
            rows = read(self._files[number], "features", rows=places[here] & (2**_ROW_BITS - 1))
            features = features if len(features) else torch.empty(len(keys), rows.shape[1])
            features[torch.from_numpy(here)] = rows
        return features


def write(file: Path, tensors: dict[str, Tensor]) -> None:
    """Write a safetensors file whole or not at all."""
    handle, draft = tempfile.mkstemp(prefix=f".{file.stem}-", dir=file.parent)
    os.close(handle)
    try:
        save_file(tensors, draft)
        Path(draft).replace(file)
    finally:
        Path(draft).unlink(missing_ok=True)


def read(file: Path, name: str, rows: npt.NDArray[np.int64] | None = None) -> Tensor:
    """Read a tensor, or some rows of it, of a file that is mapped meanwhile.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be read.
    """
    with _mapped(file) as content:
        tensor: Tensor = content.get_tensor(name)
        return tensor if rows is None else tensor[torch.from_numpy(rows)]


@contextmanager
def _mapped(file: Path) -> Iterator[Any]:
    try:
        with safe_open(file, framework="pt") as content:
            yield content
    except (OSError, RuntimeError, SafetensorError) as error:  # of torch, where a file goes while it is opened
        if not file.is_file():
            raise FileNotFoundError(f"{file} is gone") from error
        raise ValueError(f"the cached features in {file} cannot be read ({error}); delete the file") from error


def _as_keys(rows: Tensor) -> Keys:
    return rows.numpy().view(KEY)[:, 0]
