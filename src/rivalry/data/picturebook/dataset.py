"""PictureBook: a data set of drawn pictures of which everything is known.

The pictures follow from the settings alone, so nothing is downloaded, and a label that an analysis gives to a unit can
be held against what is there. The five categories of labels are those of Broden (Bau et al. 2017, Network Dissection,
arXiv:1704.05796).
"""

import hashlib

import numpy as np
import numpy.typing as npt
import torch

from rivalry.cache import cache_folder
from rivalry.data.dataset import ImageDataset, Sample, Transform, describe_transform
from rivalry.data.picturebook.captions import captions
from rivalry.data.picturebook.concepts import CONCEPTS, OBJECTS
from rivalry.data.picturebook.drawing import DRAWING, Factors, Picture, check, label_pixels, parts_in
from rivalry.data.picturebook.pages import Edition, Pages


class PictureBook(ImageDataset):
    """Drawn pictures of one object before a scene, with labels for every pixel and captions.

    >>> book = PictureBook(8, seed=1, cache=False)
    >>> book[0]["image"].shape, book.classes[book[0]["label"]], book.captions(0)[0]
    (torch.Size([3, 64, 64]), 'tree', 'a zigzag pink tree at night')

    Args:
        length: Number of pictures.
        seed: Which book; books of different seeds share no picture.
        size: Width and height in pixels, at least 32.
        correlation: How often in [0, 1] the object decides the scene; 0 leaves all factors independent.
        masks: Whether samples carry the labels of their pixels.
        transform: Applied to the ``uint8`` image alone.
        cache: Whether the pictures are drawn once and for all, before the first is read, or each time anew.

    Raises:
        ValueError: Where an argument lies outside these bounds.
    """

    classes = tuple(OBJECTS)

    def __init__(
        self,
        length: int,
        *,
        seed: int = 0,
        size: int = 64,
        correlation: float = 0.0,
        masks: bool = False,
        transform: Transform | None = None,
        cache: bool = True,
    ) -> None:
        if length < 1:
            raise ValueError(f"a PictureBook has at least one picture; given length {length}")
        check(seed, size, correlation)
        self._edition = Edition(length, seed, size, float(correlation))
        self._cache = cache
        self._pages: Pages | None = None
        self._transform = transform
        self._masks = masks
        self.concepts = CONCEPTS if masks else ()

    @property
    def fingerprint(self) -> str:
        """Hex digest of the version of the drawing, all settings that decide the pictures, and the transform."""
        return hashlib.sha256(f"{self._drawn()} {describe_transform(self._transform)}".encode()).hexdigest()

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The labels of all pictures."""
        return np.array([self.factors(index).thing for index in range(len(self))], dtype=np.int64)

    def __len__(self) -> int:
        return self._edition.length

    def __getitem__(self, index: int) -> Sample:
        """Return the sample at ``index``.

        Raises:
            IndexError: Where there is no such sample.
        """
        pixels, segments, factors = self._page(index)
        image = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
        sample = Sample(image=self._transform(image) if self._transform else image, label=factors.thing, index=index)
        if self._masks:
            sample["masks"] = torch.from_numpy(label_pixels(segments, factors))
        return sample

    def factors(self, index: int) -> Factors:
        """Return scene, object, colour and texture of a picture, without drawing it where it is cached."""
        return self._page(index)[2]

    def captions(self, index: int) -> tuple[str, ...]:
        """Return all captions of a picture, the full one first."""
        _, segments, factors = self._page(index)
        return captions(*factors.names, parts_in(segments))

    def picture(self, index: int) -> Picture:
        """Draw a picture anew, with everything that is known of it."""
        return self._edition.draw(self._checked(index))

    def prepare(self, *, progress: bool = True) -> None:
        """Draw the pictures where they are not on disk yet; reading the first sample would do the same."""
        if self._cache and self._pages is None:
            folder = cache_folder("picturebook") / hashlib.sha256(self._drawn().encode()).hexdigest()[:32]
            self._pages = Pages.drawn(self._edition, folder, progress=progress)

    def _drawn(self) -> str:
        """What decides the pictures on disk, which no transform has changed yet."""
        return f"PictureBook {DRAWING} {self._edition}"

    def _page(self, index: int) -> tuple[np.ndarray, np.ndarray, Factors]:
        """Return image, segments and factors of a picture."""
        self._checked(index)
        self.prepare()
        if self._pages is None:
            picture = self.picture(index)
            return picture.image, picture.segments, picture.factors
        scene, thing, colour, texture = self._pages.factors[index].tolist()
        return self._pages.images[index], self._pages.segments[index], Factors(scene, thing, colour, texture)

    def _checked(self, index: int) -> int:
        """Return the index, or raise where there is no such picture."""
        if not 0 <= index < len(self):
            raise IndexError(f"this PictureBook has pictures 0 to {len(self) - 1}; given {index}")
        return index

    def __getstate__(self) -> dict[str, object]:
        """Leave the memory map behind: a process that gets this data set opens its own."""
        return {**self.__dict__, "_pages": None}
