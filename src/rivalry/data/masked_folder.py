"""Pictures with a mask each, in two folders of the same names, as in CamVid.

    images/train/0001.jpg    masks/train/0001.png

A mask is a picture of one channel whose values are places in a list of concepts. Such pictures have no classes, so they
serve analyses and train no classifier.
"""

import hashlib
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int
from PIL import Image
from torch import Tensor

from rivalry.data.dataset import CATEGORIES, Concept, ImageDataset, Sample
from rivalry.data.decoding import UnreadableError, open_image, to_tensor
from rivalry.data.folders import find_pictures
from rivalry.data.paths import expand
from rivalry.numerics.nearest import nearest


class MaskedFolder(ImageDataset):
    """Pictures and the concept of every pixel.

    Args:
        images: Folder of the pictures, which may lie deeper within it.
        masks: Folder of the masks: of the same names, as PNG.
        concepts: File with the name of a concept in every line, in the order of the masks' values from 0; or the names.
        category: Of Broden's, to which the concepts belong.
        ignore: Names of concepts that say nothing, such as ``unlabelled``: pixels of theirs count as unknown.
        size: Height and width to which pictures (bicubic) and masks (nearest) are resized; as they are by default.

    Raises:
        ValueError: If there is no such folder or file, a picture has no mask, or an ignored concept is none; on
            reading, if a file cannot be decoded, or a mask has another size than its picture or a value beyond the
            concepts. The message names the file.
    """

    classes = ()

    def __init__(
        self,
        images: str | Path,
        masks: str | Path,
        concepts: str | Path | list[str],
        *,
        category: str = "object",
        ignore: tuple[str, ...] = (),
        size: tuple[int, int] | None = None,
    ) -> None:
        self.images, self.masks = expand(images), expand(masks)
        for folder in (self.images, self.masks):
            if not folder.is_dir():
                raise ValueError(f"{folder} is no folder; wanted one of pictures and one of masks of the same names")
        self._paths = find_pictures(self.images)
        missing = [path for path in self._paths if not self._mask_of(path).is_file()]
        if missing:
            raise ValueError(f"{len(missing)} of {len(self._paths)} pictures have no mask; first {missing[0]}")
        names = concepts if isinstance(concepts, list) else _read_names(expand(concepts))
        for name in ignore:
            if name not in names:
                raise ValueError(f"ignore names {name!r}, which is no concept; nearest: {nearest(name, names)}")
        self.concepts = tuple(Concept(name, category) for name in names if name not in ignore)
        self._plane = CATEGORIES.index(category)
        known = {concept.name: place for place, concept in enumerate(self.concepts, start=1)}
        self._values = np.array([known.get(name, 0) for name in names], dtype=np.int16)
        self.size = size

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of the concepts, the size, and names and sizes of all files."""
        said = f"masked folder {self.concepts} {self._values.tolist()} {self.size}\n"
        digest = hashlib.blake2b(said.encode(), digest_size=16)
        for path in self._paths:
            sizes = f"{path.stat().st_size} {self._mask_of(path).stat().st_size}"
            digest.update(f"{path.relative_to(self.images).as_posix()}\0{sizes}\n".encode())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> Sample:
        """The sample at ``index``; it has no label.

        Raises:
            IndexError: If there is no such sample.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"{self.images} has pictures 0 to {len(self) - 1}; asked for {index}")
        path = self._paths[index]
        image = open_image(path)
        if self.size is not None:
            image = image.resize(self.size[::-1], Image.Resampling.BICUBIC)
        return Sample(image=to_tensor(image), index=index, masks=self._read_mask(path, image.size[::-1]))

    def _mask_of(self, path: Path) -> Path:
        return self.masks / path.relative_to(self.images).with_suffix(".png")

    def _read_mask(self, path: Path, shape: tuple[int, int]) -> Int[Tensor, "categories height width"]:
        """The concepts of every pixel, in the plane of their category."""
        file = self._mask_of(path)
        try:
            with Image.open(file) as opened:
                mask = opened if self.size is None else opened.resize(self.size[::-1], Image.Resampling.NEAREST)
                values = np.asarray(mask)
        except (OSError, SyntaxError, ValueError) as error:
            raise UnreadableError(f"{file} is no mask that can be decoded: {error}") from error
        if values.shape != shape:
            raise UnreadableError(f"{file} is {values.shape}, and its picture {shape}: a mask has one value a pixel")
        if int(values.max()) >= len(self._values):
            raise UnreadableError(f"{file} holds value {values.max()}, and there are {len(self._values)} concepts")
        planes = torch.zeros(len(CATEGORIES), *shape, dtype=torch.int16)
        planes[self._plane] = torch.from_numpy(self._values[values])
        return planes


def _read_names(file: Path) -> list[str]:
    if not file.is_file():
        raise ValueError(f"{file} is no file; wanted one with the name of a concept in every line")
    return [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
