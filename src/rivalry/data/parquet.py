"""Pictures in Parquet files, as the Hugging Face Hub keeps them.

A row has a column ``image`` of ``{bytes, path}`` and an integer column ``label``; the names of the classes stand in the
schema's metadata. A set that is small when decoded (``DECODED_LIMIT``) is decoded once into the user's cache and mapped
from there; of a larger one only one row group of encoded pictures is held at a time.
"""

import glob
import hashlib
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import UInt8
from torch import Tensor

from rivalry.cache import cache_folder
from rivalry.data.dataset import ImageDataset, Sample, Transform, describe_transform
from rivalry.data.decoding import decode, decode_once
from rivalry.data.paths import expand
from rivalry.data.shard import Shard
from rivalry.data.square import Square

DECODED_LIMIT = 2 * 1024**3
"""Bytes that a set may take when decoded for the cache to keep it: 2.15 GB, where CIFAR-10 for training takes 0.15."""


class ImageParquet(ImageDataset):
    """Labelled pictures in one or many Parquet files.

    Args:
        path: A file, a pattern such as ``"train-*.parquet"``, a folder, or a list of these, read in the order given.
        split: Of a folder, the files of this split alone, as the Hub names them: ``train-00000-of-00005.parquet``,
            ``train.parquet`` or ``train/….parquet``, in the folder or in ``data/`` within it.
        image: Column of the pictures: ``{bytes, path}`` with the encoded bytes, or the bytes themselves.
        label: Column of the labels, integers from 0.
        classes: Names of the classes, where the files do not hold them.
        size: Side of the square every picture is made, or the `Square` itself: the shorter side is resized and the
            middle cut out. Without it pictures keep their sizes, and only pictures of one size can share a batch.
        transform: Applied to the image, a ``uint8`` tensor (3, height, width).
        cache: Whether to decode a small set once; without it every picture is decoded every time. Random access to
            row groups is slow where they are large, so shuffle a large set in small row groups or in folders.

    Raises:
        ValueError: If there is no such file, split or column, the names of the classes are not to be found, or a label
            has no name; on reading, if a picture cannot be decoded. The message names the file and the row.
    """

    def __init__(
        self,
        path: str | Path | Sequence[str | Path],
        *,
        split: str | None = None,
        image: str = "image",
        label: str = "label",
        classes: Sequence[str] | None = None,
        size: int | Square | None = None,
        transform: Transform | None = None,
        cache: bool = True,
    ) -> None:
        self.square = Square.of(size)
        self.transform = transform
        self._shards = [Shard(file, image, label) for file in _find_files(path, split)]
        self._ends = np.cumsum([len(shard) for shard in self._shards])
        self.classes = tuple(classes) if classes is not None else self._shards[0].class_names()
        self._labels = self._read_labels()
        self._decoded = self._decode_once() if cache else None

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of the files' footers, the labels, the classes, the square and the transform.

        A footer tells the schema and the length of every column in every row group. Paths and times are left out, so
        that a copy on another machine has the same fingerprint.
        """
        said = f"{self._decoded_key()} {self.classes} {describe_transform(self.transform)}\n"
        return hashlib.blake2b(said.encode() + self._labels.tobytes(), digest_size=16).hexdigest()

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The labels of all pictures."""
        return self._labels

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
        return decode(shard.picture(row), square=self.square, name=shard.name(row))

    def _place(self, index: int) -> tuple[Shard, int]:
        number = int(np.searchsorted(self._ends, index, side="right"))
        shard = self._shards[number]
        return shard, index - int(self._ends[number]) + len(shard)

    def _decoded_key(self) -> str:
        digest = hashlib.blake2b(f"decoded parquet, size {self.square}\n".encode(), digest_size=16)
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


def _find_files(path: str | Path | Sequence[str | Path], split: str | None) -> list[Path]:
    given = [path] if isinstance(path, str | Path) else list(path)
    files = [file for one in given for file in _files_of(expand(one), split)]
    missing = [str(file) for file in files if not file.is_file()]
    if missing or not files:
        raise ValueError(f"no such Parquet file: {', '.join(missing) or path}")
    return files


def _files_of(path: Path, split: str | None) -> list[Path]:
    """The files that a path means: those of a folder's split, those of a pattern, or itself."""
    if not path.is_dir():
        if split is not None:
            raise ValueError(f"split {split!r} is looked for in a folder, and {path} is none")
        return [Path(found) for found in sorted(glob.glob(str(path)))] or [path]  # noqa: PTH207 (may be absolute)
    splits = _splits_in(path)
    if split is None and len(splits) == 1:
        return next(iter(splits.values()))
    if split is None or split not in splits:
        raise ValueError(
            f"{path} holds Parquet files of the splits {', '.join(splits) or 'none'}; asked for {split or 'no split'}"
        )
    return splits[split]


def _splits_in(folder: Path) -> dict[str, list[Path]]:
    """The files of a folder by split, which the name of a file or of its folder says."""
    splits: dict[str, list[Path]] = {}
    data = folder / "data"
    for file in sorted([*folder.glob("*.parquet"), *folder.glob("*/*.parquet"), *data.glob("*/*.parquet")]):
        beside = file.parent in (folder, data)
        name = re.sub(r"(-\d+-of-\d+)?\.parquet$", "", file.name) if beside else file.parent.name
        splits.setdefault(name, []).append(file)
    return splits
