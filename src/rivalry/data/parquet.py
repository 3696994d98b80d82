"""Pictures in Parquet files, as the Hugging Face Hub keeps them.

A row has a column ``image`` of ``{bytes, path}`` and an integer column ``label``; the names of the classes stand in the
schema's metadata. A set that is small when decoded (``DECODED_LIMIT``) is decoded once into the user's cache and mapped
from there; of a larger one only one row group of encoded pictures is held at a time.
"""

import glob
import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import UInt8
from torch import Tensor

from rivalry.data.cache import cache_folder
from rivalry.data.dataset import ImageDataset, Sample, describe_transform
from rivalry.data.decoding import decode, decode_once
from rivalry.data.paths import expand
from rivalry.data.shard import Shard

DECODED_LIMIT = 2 * 1024**3
"""Bytes that a set may take when decoded for the cache to keep it: 2.15 GB, where CIFAR-10 for training takes 0.15."""


class ImageParquet(ImageDataset):
    """Labelled pictures in one or many Parquet files.

    Args:
        path: A file, a pattern such as ``"train-*.parquet"``, or a list of files, which are read in the order given.
        image: Column of the pictures: ``{bytes, path}`` with the encoded bytes, or the bytes themselves.
        label: Column of the labels, integers from 0.
        classes: Names of the classes, where the files do not hold them.
        size: Side of the square every picture is made: the shorter side is resized to it and the middle cut out.
            Without it pictures keep their sizes, and only pictures of one size can share a batch.
        transform: Applied to the image, a ``uint8`` tensor (3, height, width).
        cache: Whether to decode a small set once; without it every picture is decoded every time. Random access to
            row groups is slow where they are large, so shuffle a large set in small row groups or in folders.

    Raises:
        ValueError: If there is no such file or column, the names of the classes are not to be found, or a label has
            no name; on reading, if a picture cannot be decoded. The message names the file and the row.
    """

    def __init__(
        self,
        path: str | Path | Sequence[str | Path],
        *,
        image: str = "image",
        label: str = "label",
        classes: Sequence[str] | None = None,
        size: int | None = None,
        transform: Callable[[Tensor], Tensor] | None = None,
        cache: bool = True,
    ) -> None:
        self.size = size
        self.transform = transform
        self._shards = [Shard(file, image, label) for file in _find_files(path)]
        self._ends = np.cumsum([len(shard) for shard in self._shards])
        self.classes = tuple(classes) if classes is not None else self._shards[0].class_names()
        self._labels = self._read_labels()
        self._decoded = self._decode_once() if cache else None

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of the files' footers, the labels, the classes, ``size`` and the transform.

        A footer tells the schema and the length of every column in every row group. Paths and times are left out, so
        that a copy on another machine has the same fingerprint.
        """
        said = f"{self._decoded_key()} {self.classes} {describe_transform(self.transform)}\n"
        return hashlib.blake2b(said.encode() + self._labels.tobytes(), digest_size=16).hexdigest()

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(
                f"{self._shards[0].file} and its like have pictures 0 to {len(self) - 1}; asked for {index}"
            )
        image = self._decode(index) if self._decoded is None else torch.from_numpy(np.array(self._decoded[index]))
        return {
            "image": image if self.transform is None else self.transform(image),
            "label": int(self._labels[index]),
            "index": index,
        }

    def _decode(self, index: int) -> UInt8[Tensor, "3 height width"]:
        shard, row = self._place(index)
        return decode(shard.picture(row), size=self.size, name=shard.name(row))

    def _place(self, index: int) -> tuple[Shard, int]:
        number = int(np.searchsorted(self._ends, index, side="right"))
        shard = self._shards[number]
        return shard, index - int(self._ends[number]) + len(shard)

    def _decoded_key(self) -> str:
        digest = hashlib.blake2b(f"decoded parquet, size {self.size}\n".encode(), digest_size=16)
        for shard in self._shards:
            digest.update(shard.footer())
        return digest.hexdigest()

    def _decode_once(self) -> npt.NDArray[np.uint8] | None:
        _, height, width = self._decode(0).shape
        shape = (len(self), 3, height, width)
        if np.prod(shape, dtype=np.int64) > DECODED_LIMIT:
            return None
        names = (shard.name(row) for shard in self._shards for row in range(len(shard)))
        folder = cache_folder("parquet") / self._decoded_key()
        return decode_once(folder, map(self._decode, range(len(self))), shape, names)

    def _read_labels(self) -> npt.NDArray[np.int64]:
        labels = np.concatenate([shard.labels() for shard in self._shards])
        if len(labels) == 0:
            raise ValueError(f"{self._shards[0].file} holds no rows")
        wrong = np.flatnonzero((labels < 0) | (labels >= len(self.classes)))
        if len(wrong):
            shard, row = self._place(int(wrong[0]))
            raise ValueError(
                f"{shard.name(row)} has label {labels[wrong[0]]}; with {len(self.classes)} classes a label is 0 to "
                f"{len(self.classes) - 1}"
            )
        return labels


def _find_files(path: str | Path | Sequence[str | Path]) -> list[Path]:
    if isinstance(path, str | Path):
        given = str(expand(path))
        files = [Path(found) for found in sorted(glob.glob(given))] or [Path(given)]  # noqa: PTH207 (may be absolute)
    else:
        files = [expand(file) for file in path]
    missing = [str(file) for file in files if not file.is_file()]
    if missing or not files:
        raise ValueError(f"no such Parquet file: {', '.join(missing) or path}")
    return files
