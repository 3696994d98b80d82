"""One Parquet file of pictures: what it says of itself, its labels, and the encoded picture of any row.

Pictures are read a row group at a time, and one group is held: reading in order reads every group once.
"""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from rivalry.data.decoding import UnreadableError


class Shard:
    """One file. It is opened anew for every row group, so that worker processes never share a handle.

    Args:
        file: The Parquet file.
        image: Column of the pictures: ``{bytes, path}`` with the encoded bytes, or the bytes themselves.
        label: Column of the labels.

    Raises:
        ValueError: If the file lacks one of the columns.
    """

    def __init__(self, file: Path, image: str, label: str) -> None:
        self.file = file
        with pq.ParquetFile(file) as opened:
            self.metadata, self.schema = opened.metadata, opened.schema_arrow
        for column in (image, label):
            if column not in self.schema.names:
                raise ValueError(f"{file} has no column {column!r}; its columns are {', '.join(self.schema.names)}")
        self.image, self.label = image, label
        groups = [self.metadata.row_group(group).num_rows for group in range(self.metadata.num_row_groups)]
        self._starts = np.cumsum([0, *groups])
        self._held: tuple[int, pa.Array] | None = None

    def __len__(self) -> int:
        return int(self.metadata.num_rows)

    def name(self, row: int) -> str:
        """What a picture is called in an error."""
        return f"row {row} of {self.file}"

    def picture(self, row: int) -> bytes:
        """The encoded picture of a row."""
        group = int(np.searchsorted(self._starts, row, side="right")) - 1
        held = self._held  # looked at once: the thread that reads ahead may change it
        if held is None or held[0] != group:
            held = self._held = group, self._read(self.image, group)
        encoded = held[1][row - int(self._starts[group])].as_py()
        if not isinstance(encoded, bytes):
            raise UnreadableError(f"{self.name(row)} has no bytes of a picture in column {self.image!r}")
        return encoded

    def labels(self) -> npt.NDArray[np.int64]:
        """The labels of all rows."""
        if not pa.types.is_integer(self.schema.field(self.label).type):
            kind = self.schema.field(self.label).type
            raise ValueError(f"column {self.label!r} of {self.file} is {kind}; labels are integers from 0")
        columns = [self._read(self.label, group) for group in range(self.metadata.num_row_groups)]
        if any(column.null_count for column in columns):
            raise ValueError(f"column {self.label!r} of {self.file} has rows without a label")
        return np.concatenate([np.zeros(0, np.int64), *(column.to_numpy().astype(np.int64) for column in columns)])

    def class_names(self) -> tuple[str, ...]:
        """The names of the classes that Hugging Face keeps in the schema's metadata."""
        said = json.loads((self.schema.metadata or {}).get(b"huggingface", b"{}"))
        names = said.get("info", {}).get("features", {}).get(self.label, {}).get("names")
        if not names:
            raise ValueError(f"{self.file} does not name the classes of column {self.label!r}: give classes=[…]")
        return tuple(names)

    def footer(self) -> bytes:
        """What the file says of itself: schema, and the length of every column in every row group."""
        groups = (self.metadata.row_group(group) for group in range(self.metadata.num_row_groups))
        lengths = [
            [(group.column(c).num_values, group.column(c).total_uncompressed_size) for c in range(group.num_columns)]
            for group in groups
        ]
        return f"{self.image} {self.label} {self.schema.to_string()} {lengths}\n".encode()

    def _read(self, column: str, group: int) -> pa.Array:
        # One thread: a process forked from one that used Arrow's threads would wait for threads it does not have.
        with pq.ParquetFile(self.file, metadata=self.metadata) as opened:
            table = opened.read_row_group(group, columns=[column], use_threads=False)
        values = table[column].combine_chunks()
        return values.field("bytes") if pa.types.is_struct(values.type) else values
