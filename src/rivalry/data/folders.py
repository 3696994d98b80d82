"""Pictures in folders: one sub-folder a class, as torchvision and timm read them.

    root/cat/0001.jpg    root/cat/more/0002.png    root/dog/0001.jpg

Classes are the names of the sub-folders and samples the paths below them, both sorted, so that an index means the same
picture on every machine.
"""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from rivalry.data.class_names import wordnet_names
from rivalry.data.dataset import ImageDataset, Sample, Transform, describe_transform
from rivalry.data.decoding import decode
from rivalry.data.paths import expand
from rivalry.data.square import Square

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""Endings of the files that are read, in small or capital letters; others are passed over."""


class ImageFolder(ImageDataset):
    """Labelled pictures in folders.

    Args:
        root: Folder that holds one sub-folder a class; pictures may lie deeper within it. Names that begin with a dot
            are passed over.
        size: Side of the square every picture is made, or the `Square` itself: the shorter side is resized and the
            middle cut out. Without it pictures keep their sizes, and only pictures of one size can share a batch.
        transform: Applied to the image, a ``uint8`` tensor (3, height, width).
        names: How classes are called: as their folders, or, where these are WordNet's numbers as in ImageNet
            (``n01440764``), by WordNet's words ("tench").

    Raises:
        ValueError: If there is no such folder, no class in it, no picture in a class, or a folder's name is unknown to
            WordNet; on reading, if a picture cannot be decoded. The message names the path.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        size: int | Square | None = None,
        transform: Transform | None = None,
        names: Literal["folders", "wordnet"] = "folders",
    ) -> None:
        self.root = expand(root)
        self.square = Square.of(size)
        self.transform = transform
        folders = _find_classes(self.root)
        self.classes = wordnet_names(folders) if names == "wordnet" else folders
        found = [(path, label) for label, name in enumerate(folders) for path in find_pictures(self.root / name)]
        self._paths, self._labels = zip(*found, strict=True)

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of names and sizes of the files, of the square and the transform.

        Times are left out, so that a copy on another machine has the same fingerprint; contents too, since reading all
        of ImageNet would hold up every start. A picture replaced by one of exactly as many bytes goes unnoticed.
        """
        said = f"image folder {self.square} {describe_transform(self.transform)}\n"
        digest = hashlib.blake2b(said.encode(), digest_size=16)
        for path in self._paths:
            digest.update(f"{path.relative_to(self.root).as_posix()}\0{path.stat().st_size}\n".encode())
        return digest.hexdigest()

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The labels of all pictures."""
        return np.array(self._labels, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"{self.root} has pictures 0 to {len(self) - 1}; asked for {index}")
        image = decode(self._paths[index], square=self.square)
        return {
            "image": image if self.transform is None else self.transform(image),
            "label": self._labels[index],
            "index": index,
        }


def find_pictures(folder: Path) -> list[Path]:
    """The pictures in a folder, however deep, sorted; what begins with a dot is passed over.

    Raises:
        ValueError: If there is none.
    """
    pictures = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not pictures:
        raise ValueError(f"{folder} holds no picture ({' '.join(sorted(SUFFIXES))}): wanted one at least")
    return pictures


def _find_classes(root: Path) -> tuple[str, ...]:
    if not root.is_dir():
        raise ValueError(f"{root} is no folder; wanted one with a sub-folder for each class")
    classes = tuple(sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")))
    if not classes:
        raise ValueError(f"{root} has no sub-folders; wanted one for each class, with its pictures inside")
    return classes
