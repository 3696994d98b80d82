"""The parts of a study that are done, such as classes: where it is stopped, the next one goes on behind them.

A study of a thousand classes takes an hour. What is written of each part lies in the user's cache until the study is
whole: ``<kind>/<digest>/<part>.parquet``, the digest being of all that the tables of a part depend on.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from torch import Tensor

from rivalry.cache import cache_folder, written_file
from rivalry.recording.digest import digest_of
from rivalry.recording.gathering import Packed


class FinishedParts:
    """What was written of the parts of one study.

    Args:
        kind: Of study: the part of the cache.
        told: All that the tables depend on: texts, and tensors by what is in them.
    """

    def __init__(self, kind: str, told: Iterable[str | Tensor]) -> None:
        self._folder = cache_folder(kind) / digest_of(told)
        self._folder.mkdir(exist_ok=True)

    def get(self, part: int) -> Packed | None:
        """The tables of a part, where they are there and whole."""
        file = self._file(part)
        if not file.is_file():
            return None
        try:
            (found,) = pq.read_table(file).to_pylist()
        except (pa.ArrowInvalid, OSError):
            file.unlink()
            return None
        tables: Packed = found
        return tables

    def keep(self, part: int, tables: Packed) -> None:
        """Write the tables of a part, whole or not at all."""
        self._folder.mkdir(exist_ok=True)  # a like study beside this one may have become whole
        with written_file(self._file(part)) as file:
            pq.write_table(pa.Table.from_pylist([dict(tables)]), file)

    def forget(self) -> None:
        """Drop everything: the study is whole."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _file(self, part: int) -> Path:
        return self._folder / f"{part}.parquet"
