"""Pictures that a table names: a row a picture, with its path and its label.

    file,label                      file,split,class_index,name
    a/0001.jpg,cat                  n01440764_tench.jpg,val,0,tench
    b/0001.jpg,dog                  n01443537_goldfish.jpg,val,1,goldfish

It is what is left of many data sets once they were cleaned, sampled or split: pictures anywhere and one CSV file.
"""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rivalry.data.class_names import distinct
from rivalry.data.dataset import ImageDataset, Sample, Transform, describe_transform
from rivalry.data.decoding import decode
from rivalry.data.paths import expand
from rivalry.data.square import Square
from rivalry.numerics.nearest import nearest

Row = Mapping[str, str]


class ImageList(ImageDataset):
    """Labelled pictures in the order of a table.

    Args:
        table: A CSV file with a header; one that ends in ``.tsv`` is split at tabs.
        root: The folder that paths begin from; the table's own where it is not given.
        image: Column of the paths.
        label: Column of the labels: names, which are sorted to classes, or integers from 0.
        names: Column of the classes' names, where labels are integers; without it the integers are the names.
        where: Columns and what they must say for a row to be taken, such as ``{split: train}``; the classes are those
            of the whole table, so that splits agree.
        size: Side of the square every picture is made, or the `Square` itself: the shorter side is resized and the
            middle cut out. Without it pictures keep their sizes, and only pictures of one size can share a batch.
        transform: Applied to the image, a ``uint8`` tensor (3, height, width).

    Raises:
        ValueError: If there is no such table or column, no row is left, or names and integers do not fit each other; on
            reading, if a picture is not there or cannot be decoded. The message names the file.
    """

    def __init__(
        self,
        table: str | Path,
        *,
        root: str | Path | None = None,
        image: str = "file",
        label: str = "label",
        names: str | None = None,
        where: Mapping[str, str] | None = None,
        size: int | Square | None = None,
        transform: Transform | None = None,
    ) -> None:
        self.table = expand(table)
        self.root = self.table.parent if root is None else expand(root)
        self.square = Square.of(size)
        self.transform = transform
        wanted = dict(where or {})
        rows = _read(self.table, [image, label, *([names] if names else []), *wanted])
        self.classes, labels = _label(self.table, rows, label, names)
        taken = [all(row[column] == value for column, value in wanted.items()) for row in rows]
        if not any(taken):
            raise ValueError(f"{self.table} has no row where {wanted}")
        self._files = [row[image] for row, take in zip(rows, taken, strict=True) if take]
        self._labels: npt.NDArray[np.int64] = labels[np.array(taken)]

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of paths, sizes of the files, labels, classes, the square and the transform.

        Contents are left out, since reading all of a large set would hold up every start: a picture replaced by one of
        exactly as many bytes goes unnoticed.
        """
        said = f"image list {self.classes} {self.square} {describe_transform(self.transform)}\n"
        digest = hashlib.blake2b(said.encode() + self._labels.tobytes(), digest_size=16)
        for file in self._files:
            path = self.root / file
            digest.update(f"{file}\0{path.stat().st_size if path.is_file() else 'missing'}\n".encode())
        return digest.hexdigest()

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The labels of all pictures."""
        return self._labels

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"{self.table} names pictures 0 to {len(self) - 1}; asked for {index}")
        image = decode(self.root / self._files[index], square=self.square)
        return {
            "image": image if self.transform is None else self.transform(image),
            "label": int(self._labels[index]),
            "index": index,
        }


def _read(table: Path, columns: Sequence[str]) -> list[Row]:
    """All rows, which must fill these columns."""
    if not table.is_file():
        raise ValueError(f"{table} is no file; wanted a table with a row for every picture")
    with table.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.DictReader(opened, delimiter="\t" if table.suffix == ".tsv" else ",")
        known = reader.fieldnames or ()
        for column in columns:
            if column not in known:
                raise ValueError(f"{table} has no column {column!r}; nearest: {nearest(column, known)}")
        rows: list[Row] = list(reader)
    if not rows:
        raise ValueError(f"{table} has no row under its header")
    for number, row in enumerate(rows, start=1):
        if any(row[column] in (None, "") for column in columns):
            raise ValueError(f"picture {number} of {table} lacks one of {', '.join(columns)}: {dict(row)}")
    return rows


def _label(
    table: Path, rows: Sequence[Row], label: str, names: str | None
) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Classes and labels: of names sorted, of integers as they are."""
    said = [row[label] for row in rows]
    if not all(one.isdecimal() for one in said):
        if names is not None:
            wrong = next(one for one in said if not one.isdecimal())
            raise ValueError(f"with names={names!r} column {label!r} of {table} holds integers from 0; found {wrong!r}")
        classes = tuple(sorted(set(said)))
        place = {name: number for number, name in enumerate(classes)}
        return classes, np.array([place[one] for one in said], dtype=np.int64)
    labels = np.array(said, dtype=np.int64)
    called = {number: str(number) for number in range(int(labels.max()) + 1)}
    if names is not None:
        for row, number in zip(rows, labels.tolist(), strict=True):
            if called[number] not in (str(number), row[names]):
                raise ValueError(f"{table} calls class {number} both {called[number]!r} and {row[names]!r}")
            called[number] = row[names]
    return distinct(list(called.values()), list(called)), labels
