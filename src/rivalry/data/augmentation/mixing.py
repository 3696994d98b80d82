"""Images mixed with those of other classes: mixup (arXiv:1710.09412) and CutMix (arXiv:1905.04899).

    mixup    x′ = λ x + (1 − λ) x̃          CutMix    x′ = x outside a rectangle, x̃ within; λ = share outside
    target   y′ = λ y + (1 − λ) ỹ           λ ~ Beta(α, α) once a batch, as in timm's default mode

x̃ is the batch in reverse order. Images stay ``uint8``, so that a mixed value is rounded.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.nn import functional

Images = UInt8[Tensor, "batch 3 height width"]


@dataclass(frozen=True)
class Mixing:
    """Mix the images of a batch by mixup or by CutMix.

    >>> images, labels = torch.zeros(4, 3, 8, 8, dtype=torch.uint8), torch.tensor([0, 1, 2, 2])
    >>> mixed, target = Mixing(mixup=0.2, cutmix=0)(images, labels, 3, np.random.default_rng(0))
    >>> target.shape, target.sum(1)
    (torch.Size([4, 3]), tensor([1., 1., 1., 1.]))

    Attributes:
        mixup: α of mixup; 0 for none.
        cutmix: α of CutMix; 0 for none.
        probability: That a batch is mixed at all.
        switch: That it is CutMix, where both may be.

    Raises:
        ValueError: If an α is below 0, both are 0, or a probability is not in [0, 1].
    """

    mixup: float = 0.8
    cutmix: float = 1.0
    probability: float = 1.0
    switch: float = 0.5

    def __post_init__(self) -> None:
        likely = 0 <= self.probability <= 1 and 0 <= self.switch <= 1
        if min(self.mixup, self.cutmix) < 0 or not (self.mixup or self.cutmix) or not likely:
            raise ValueError(f"wanted α of at least 0, one of them above, and probabilities in [0, 1]; given {self}")

    def __call__(
        self, images: Images, labels: Int[Tensor, " batch"], classes: int, generator: np.random.Generator
    ) -> tuple[Images, Float[Tensor, "batch {classes}"]]:
        """Mix a batch.

        Args:
            images: ``uint8`` (batch, 3, height, width).
            labels: (batch), 0 to ``classes - 1``.
            classes: Number of classes.
            generator: Decides it all, four to six draws.

        Returns:
            The images, and the shares of the classes in each (batch, classes), which sum to 1.
        """
        kept = 1.0
        if generator.random() < self.probability:
            cut = generator.random() < (self.switch if self.mixup and self.cutmix else float(self.cutmix > 0))
            alpha = self.cutmix if cut else self.mixup
            kept = float(generator.beta(alpha, alpha))
            images, kept = _cutmix(images, kept, generator) if cut else (_mixup(images, kept), kept)
        sure = functional.one_hot(labels, classes).float()
        return images, kept * sure + (1 - kept) * sure.flip(0)


def _mixup(images: Images, kept: float) -> Images:
    return torch.lerp(images.flip(0).float(), images.float(), kept).round().to(torch.uint8)


def _cutmix(images: Images, kept: float, generator: np.random.Generator) -> tuple[Images, float]:
    """Replace a rectangle; what of it lies beyond the border is lost, and the share that is kept grows."""
    height, width = images.shape[2:]
    high, wide = (int(side * math.sqrt(1 - kept)) for side in (height, width))
    middle_y, middle_x = int(generator.integers(height)), int(generator.integers(width))
    top, bottom = max(middle_y - high // 2, 0), min(middle_y + (high + 1) // 2, height)
    left, right = max(middle_x - wide // 2, 0), min(middle_x + (wide + 1) // 2, width)
    mixed = images.clone()
    mixed[:, :, top:bottom, left:right] = images.flip(0)[:, :, top:bottom, left:right]
    return mixed, 1 - (bottom - top) * (right - left) / (height * width)
