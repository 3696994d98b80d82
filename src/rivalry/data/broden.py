"""Broden: pictures whose pixels are labelled in several categories at once, in the layout of its makers.

Bau et al. 2017, "Network Dissection: Quantifying Interpretability of Deep Visual Representations", arXiv:1704.05796.

    index.csv            image,split,ih,iw,sh,sw,color,object,part,material,scene,texture
    category.csv         name,…: the columns of labels that there are
    c_object.csv …       code,number,name,…: the labels of a category
    images/…             the pictures, and the masks as PNG: a label's number is red + 256 · green

A field of labels holds masks or single numbers, which count for the whole picture, with semicolons between. The layout
says that the dominant one stands first. Here a pixel has one concept a category, so the first that says something at a
pixel counts: where a part of a part is marked (an eye on a head), the larger part keeps its pixels, and the smaller one
is known where it alone is marked. Bau et al. count a label that stands in two categories (glass: object and material)
once, in the more frequent one; here it is two concepts.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Int
from PIL import Image
from torch import Tensor

from rivalry.data.dataset import CATEGORIES, Concept, ImageDataset, Sample
from rivalry.data.decoding import UnreadableError, open_image, to_tensor
from rivalry.data.paths import expand
from rivalry.numerics.nearest import nearest

_OURS = {"color": "colour"}
_ENDINGS = {"colour": "-c", "scene": "-s"}
_SIZES = ("ih", "iw", "sh", "sw")


@dataclass(frozen=True, slots=True)
class _Row:
    """A picture: its file, the sizes that the index gives, and its labels by category."""

    image: str
    picture: tuple[int, int]
    mask: tuple[int, int]
    labels: Mapping[str, tuple[str, ...]]


class Broden(ImageDataset):
    """Pictures with masks in the categories of Broden.

    The pictures have no classes. Masks are coarser than the pictures (of 224 px, 112). Concepts are called as in the
    tables of labels, without the endings ``-c`` and ``-s`` by which these tell colours and scenes.

    Args:
        root: Folder that holds ``index.csv``.
        split: Only the pictures of this split, ``train`` or ``val``; all by default.
        size: Height and width to which pictures are resized (bicubic); masks (nearest) keep their share of it.

    Raises:
        ValueError: If a table is not there or lacks a column, a category or the split is unknown; on reading, if a file
            cannot be decoded, or a mask has another size or other numbers than the tables say. The message names it.
    """

    classes = ()

    def __init__(self, root: str | Path, split: str | None = None, *, size: tuple[int, int] | None = None) -> None:
        self.root = expand(root)
        self.split, self.size = split, size
        names = [row["name"] for row in _read_table(self.root / "category.csv", ["name"])]
        self._columns = {_category(name, self.root): name for name in names}
        self._rows = _read_index(self.root / "index.csv", self._columns, split)
        concepts: list[Concept] = []
        self._values: dict[str, npt.NDArray[np.int16]] = {}
        for category in sorted(self._columns, key=CATEGORIES.index):
            labels = _read_labels(self.root / f"c_{self._columns[category]}.csv", category)
            self._values[category] = np.zeros(max(labels) + 1, dtype=np.int16)
            for place, number in enumerate(labels, start=len(concepts) + 1):
                self._values[category][number] = place
            concepts += [Concept(name, category) for name in labels.values()]
        self.concepts = tuple(concepts)

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of the concepts, the size, the index's rows, and the sizes of the pictures' files."""
        digest = hashlib.blake2b(f"Broden {self.concepts} {self.size}\n".encode(), digest_size=16)
        for row in self._rows:
            path = self._path(row.image)
            digest.update(f"{row} {path.stat().st_size if path.is_file() else 'missing'}\n".encode())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Sample:
        """The sample at ``index``; it has no label.

        Raises:
            IndexError: If there is no such sample.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"{self.root} has pictures 0 to {len(self) - 1}; asked for {index}")
        row = self._rows[index]
        image = open_image(self._path(row.image))
        shape = row.mask
        if self.size is not None:
            image = image.resize(self.size[::-1], Image.Resampling.BICUBIC)
            shape = _share_of(self.size, row)
        return Sample(image=to_tensor(image), index=index, masks=self._masks(row, shape))

    def _path(self, file: str) -> Path:
        return self.root / "images" / file

    def _masks(self, row: _Row, shape: tuple[int, int]) -> Int[Tensor, "categories height width"]:
        """The concepts of every pixel, category by category; the first that says something counts."""
        planes = np.zeros((len(CATEGORIES), *shape), dtype=np.int16)
        for category, entries in row.labels.items():
            plane = planes[CATEGORIES.index(category)]
            for entry in entries:
                said = self._concepts(self._numbers(entry, row, shape), category, row)
                np.copyto(plane, said, where=plane == 0)
        return torch.from_numpy(planes)

    def _numbers(self, entry: str, row: _Row, shape: tuple[int, int]) -> npt.NDArray[np.int32]:
        """The numbers of labels that an entry gives, of one shape or one for all."""
        if entry.isdecimal():
            return np.full(shape, int(entry), dtype=np.int32)
        path = self._path(entry)
        try:
            with Image.open(path) as opened:
                if opened.mode != "RGB" or opened.size != row.mask[::-1]:
                    raise UnreadableError(
                        f"{path} is {opened.mode} of {opened.height} × {opened.width} pixels; {row.image} wants masks "
                        f"in RGB of {row.mask[0]} × {row.mask[1]}"
                    )
                mask = opened if row.mask == shape else opened.resize(shape[::-1], Image.Resampling.NEAREST)
                pixels = np.asarray(mask, dtype=np.int32)
        except FileNotFoundError as error:
            raise UnreadableError(f"{path} is not there; it is a mask of {row.image}") from error
        except (OSError, SyntaxError) as error:
            raise UnreadableError(f"{path} is no mask that can be decoded: {error}") from error
        return pixels[..., 0] + 256 * pixels[..., 1]

    def _concepts(self, numbers: npt.NDArray[np.int32], category: str, row: _Row) -> npt.NDArray[np.int16]:
        """The concepts that numbers of labels mean in a category; 0 where there is none."""
        known = self._values[category]
        concepts: npt.NDArray[np.int16] = known[numbers.clip(max=len(known) - 1)]
        strange = numbers[(numbers >= len(known)) | ((concepts == 0) & (numbers > 0))]
        if strange.size:
            name = self._columns[category]
            raise UnreadableError(
                f"{row.image} in {self.root} has label {strange.flat[0]} as {name}, which is none of c_{name}.csv"
            )
        return concepts


def _category(name: str, root: Path) -> str:
    """Our word for a category of theirs."""
    category = _OURS.get(name, name)
    if category not in CATEGORIES:
        raise ValueError(f"{root / 'category.csv'} has category {name!r}; nearest: {nearest(category, CATEGORIES)}")
    return category


def _read_table(table: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """All rows of a table, one at least, which must have these columns."""
    if not table.is_file():
        raise ValueError(f"{table} is no file; wanted the layout of Broden: index.csv, category.csv, c_object.csv …")
    with table.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.DictReader(opened)
        known = reader.fieldnames or ()
        for column in columns:
            if column not in known:
                raise ValueError(f"{table} has no column {column!r}; nearest: {nearest(column, known)}")
        rows = list(reader)
    if not rows:
        raise ValueError(f"{table} has no row under its header")
    return rows


def _read_index(table: Path, columns: Mapping[str, str], split: str | None) -> list[_Row]:
    """The pictures of a split, or all."""
    rows = _read_table(table, ["image", "split", *_SIZES, *columns.values()])
    splits = sorted({row["split"] for row in rows})
    if split is not None and split not in splits:
        raise ValueError(f"{table} has no split {split!r}; nearest: {nearest(split, splits)}")
    wrong = next((row for row in rows if not all(_is_positive(row[size]) for size in _SIZES)), None)
    if wrong is not None:
        raise ValueError(f"{table}: {wrong['image']} has no whole numbers above 0 as {', '.join(_SIZES)}")
    return [_row(row, columns) for row in rows if split in (None, row["split"])]


def _row(row: Mapping[str, str], columns: Mapping[str, str]) -> _Row:
    entries = {category: tuple(filter(None, (row[name] or "").split(";"))) for category, name in columns.items()}
    high, wide, mask_high, mask_wide = (int(row[size]) for size in _SIZES)
    labels = {category: given for category, given in entries.items() if given}
    return _Row(row["image"], (high, wide), (mask_high, mask_wide), labels)


def _read_labels(table: Path, category: str) -> dict[int, str]:
    """Names of a category's labels by their numbers."""
    rows = _read_table(table, ["number", "name"])
    ending = _ENDINGS.get(category, "")
    wrong = next((row for row in rows if not _is_positive(row["number"])), None)
    if wrong is not None:
        raise ValueError(f"{table}: label {wrong['name']!r} has the number {wrong['number']!r}, not one above 0")
    named = {int(row["number"]): row["name"].removesuffix(ending) for row in rows}
    if len(set(named.values())) < len(rows):
        raise ValueError(f"{table} has a label twice")
    return named


def _is_positive(field: str | None) -> bool:
    """Whether a field of a table is a whole number above 0."""
    return field is not None and field.isdecimal() and int(field) > 0


def _share_of(size: tuple[int, int], row: _Row) -> tuple[int, int]:
    """The size of masks beside pictures of another size."""
    high, wide = (
        max(1, round(side * mask / whole)) for side, mask, whole in zip(size, row.mask, row.picture, strict=True)
    )
    return high, wide
