"""Pictures some of which bear a watermark: the spurious cue that a network may learn instead of the object."""

import hashlib
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Bool
from torch import Tensor

from rivalry.data.augmentation.randomness import draw_evenly
from rivalry.data.dataset import ImageDataset, Sample
from rivalry.data.watermark.mark import Watermark
from rivalry.numerics.nearest import nearest

_STREAM = 0x3B  # tells these draws from others by the same seed and index


class Watermarked(ImageDataset):
    """A data set of which a share of one class, or of all pictures, bears a watermark.

    The share is exact: ⌊share × pictures + 1/2⌋ of the class, those of the lowest number drawn by (seed, index). So the
    pictures that bear the mark at a share still bear it at a higher one. Labels, masks and concepts are those of the
    whole. The mark is printed on what the whole gives, after its transform.

    >>> from rivalry.data import PictureBook
    >>> pictures = Watermarked(PictureBook(40, cache=False), Watermark(), share=0.25)
    >>> int(pictures.marked.sum())
    10

    Args:
        whole: The data set.
        watermark: The mark.
        share: Share of the pictures of the class that bear it, in [0, 1].
        target: Name of the class; None for all pictures.
        seed: Decides which pictures, and the mark's place on each.

    Raises:
        ValueError: If the share is out of range or there is no such class. When it is prepared or read: if the mark
            does not fit on the pictures.
    """

    def __init__(
        self,
        whole: ImageDataset,
        watermark: Watermark,
        share: float = 1.0,
        target: str | None = None,
        seed: int = 0,
    ) -> None:
        if not 0 <= share <= 1:
            raise ValueError(f"the share of watermarked pictures lies in [0, 1]; given {share}")
        if target is not None and target not in whole.classes:
            raise ValueError(
                f"the target of a watermark is one of {len(whole.classes)} classes; given {target!r}, nearest: "
                f"{nearest(target, whole.classes)}"
            )
        self.whole, self.watermark = whole, watermark
        self.share, self.target, self.seed = share, target, seed
        self.classes, self.concepts = whole.classes, whole.concepts

    @cached_property
    def marked(self) -> Bool[np.ndarray, " samples"]:
        """Which pictures bear the mark."""
        chance = draw_evenly(self.seed, _STREAM, torch.arange(len(self)), 1)[:, 0].numpy()
        wanted = np.arange(len(self))
        if self.target is not None:
            wanted = np.flatnonzero(self.whole.labels == self.classes.index(self.target))
        chosen = wanted[np.argsort(chance[wanted], kind="stable")][: int(self.share * len(wanted) + 0.5)]
        return np.isin(np.arange(len(self)), chosen)

    def mark(self, index: int) -> Bool[Tensor, "height width"]:
        """The pixels of a picture that are mostly mark; none where it bears none."""
        self._refuse_beyond(index)
        image = self.whole[index]["image"]
        if not self.marked[index]:
            return torch.zeros(image.shape[1:], dtype=torch.bool)
        return self.watermark.render(image, seed=self.seed, index=index)[1]

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of the whole's fingerprint, the mark's, share, target and seed; at share 0 the whole's own."""
        if self.share == 0:
            return self.whole.fingerprint
        said = f"{self.whole.fingerprint} {self.watermark.fingerprint} {self.share} {self.target} {self.seed}"
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The labels of the whole."""
        return self.whole.labels

    def prepare(self) -> None:
        """Prepare the whole, and try whether the mark fits on its first picture."""
        self.whole.prepare()
        self.watermark.check(*self.whole[0]["image"].shape[1:])

    def __len__(self) -> int:
        return len(self.whole)

    def __getitem__(self, index: int) -> Sample:
        self._refuse_beyond(index)
        sample = self.whole[index]
        if not self.marked[index]:
            return sample
        return {**sample, "image": self.watermark.render(sample["image"], seed=self.seed, index=index)[0]}

    def _refuse_beyond(self, index: int) -> None:
        if not 0 <= index < len(self):
            raise IndexError(f"there are pictures 0 to {len(self) - 1}; asked for {index}")
