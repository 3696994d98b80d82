"""The classes that a study has done: where it is stopped, the next one goes on behind them.

A study of a thousand classes takes an hour. What is written of each class lies in the user's cache until the study is
whole: ``concepts/<digest>/<class>.parquet``, the digest being of all that the tables of a class depend on.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from torch import Tensor

from rivalry.cache import cache_folder, written_file
from rivalry.concepts.record.gathering import Packed


class StudiedClasses:
    """What was written of the classes of one study.

    Args:
        parts: All that the tables depend on: texts, and tensors by what is in them.
    """

    def __init__(self, parts: Iterable[str | Tensor]) -> None:
        digest = hashlib.blake2b(digest_size=16)
        for part in parts:
            digest.update(part.encode() if isinstance(part, str) else _bits(part))
        self._folder = cache_folder("concepts") / digest.hexdigest()
        self._folder.mkdir(exist_ok=True)

    def get(self, class_: int) -> Packed | None:
        """The tables of a class, where they are there and whole."""
        file = self._file(class_)
        if not file.is_file():
            return None
        try:
            (found,) = pq.read_table(file).to_pylist()
        except (pa.ArrowInvalid, OSError):
            file.unlink()
            return None
        tables: Packed = found
        return tables

    def keep(self, class_: int, tables: Packed) -> None:
        """Write the tables of a class, whole or not at all."""
        self._folder.mkdir(exist_ok=True)  # a like study beside this one may have become whole
        with written_file(self._file(class_)) as file:
            pq.write_table(pa.Table.from_pylist([dict(tables)]), file)

    def forget(self) -> None:
        """Drop everything: the study is whole."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _file(self, class_: int) -> Path:
        return self._folder / f"{class_}.parquet"


def _bits(tensor: Tensor) -> bytes:
    return f"{tensor.dtype} {tuple(tensor.shape)}".encode() + tensor.detach().cpu().float().numpy().tobytes()
