"""What is known of the pictures that a network sees: their mean colour, how colours vary, and their spectrum.

An image that is optimised starts from their mean colour, moves along colours as theirs vary, and with MACO has their
spectrum (Fel et al. 2023, arXiv:2306.06805). Where no pictures are at hand, `Statistics.plain` is the fallback.
"""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.prototypes.images.spectrum import decaying, resized


@final
class Statistics:
    """Statistics of pictures with values in [0, 1]; ``float64``, on the CPU.

    No frozen dataclass: those torchmetrics refuses as what a metric computes.

    Args:
        mean: Mean colour.
        covariance: Of colours, over all pixels of all pictures.
        magnitude: Of the orthonormal spectrum (``rfft2``) of decorrelated colours (see
            :class:`rivalry.prototypes.images.colours.Colours`): root of the mean power, zero frequency included.
        width: Of the pictures, which half a spectrum does not tell.
        pictures: How many they were taken of; 0 says that these are the fallback and no pictures were seen.

    >>> Statistics.plain(3, 32, 32).is_fallback
    True
    """

    def __init__(
        self,
        mean: Float[Tensor, " channels"],
        covariance: Float[Tensor, "channels channels"],
        magnitude: Float[Tensor, "channels height half"],
        width: int,
        pictures: int,
    ) -> None:
        self.mean, self.covariance, self.magnitude = mean, covariance, magnitude
        self.width, self.pictures = width, pictures

    @property
    def is_fallback(self) -> bool:
        """Whether these were taken of no pictures."""
        return self.pictures == 0

    @classmethod
    def plain(cls, channels: int, height: int, width: int) -> Statistics:
        """A fallback where there are no pictures: mean grey, independent colours of deviation 1/4, a 1/f spectrum."""
        return cls(
            mean=torch.full((channels,), 0.5, dtype=torch.float64),
            covariance=torch.eye(channels, dtype=torch.float64) / 16,
            magnitude=decaying(height, width).repeat(channels, 1, 1),
            width=width,
            pictures=0,
        )

    def of_size(self, height: int, width: int) -> Statistics:
        """The same for pictures of another size: the spectrum is interpolated over cycles a pixel."""
        magnitude = resized(self.magnitude, self.width, height, width)
        return Statistics(self.mean, self.covariance, magnitude, width, self.pictures)
