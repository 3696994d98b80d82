"""Statistics of pictures, streamed: one pass, on one rank or many.

Kept are sums over pictures of their colours and of the products of their channels' spectra, Re F_i(f) F_j(f)*. All else
follows: by Parseval the covariance of colours, and the mean power of any mixture W of channels, Σ_ij W_ki W_kj Re F_i
F_j*. So the spectrum of *decorrelated* colours is known exactly though the colours were not known before the end. MACO
means magnitudes; here the power is meant and its root taken, so that an image has the contrast that the pictures have.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Complex, Float, UInt8
from torch import Tensor
from torchmetrics import Metric

from rivalry.prototypes.images.colours import principal_axes
from rivalry.prototypes.images.spectrum import weights
from rivalry.prototypes.images.statistics import Statistics

_AT_ONCE = 2**22
"""Numbers of pictures that are transformed at once, which bounds memory to some 200 MB beside the sums."""


class PictureStatistics(Metric):
    """Mean colour, covariance of colours and spectrum of pictures of one size.

    Memory is 8 bytes × channels² × half the pixels: 9 MB for 512 × 512 in three channels.

    Args:
        channels: Of a picture.
        height: Of a picture.
        width: Of a picture.
    """

    full_state_update = False
    colour: Tensor
    power: Tensor
    pictures: Tensor

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.shape = (channels, height, width)
        power = torch.zeros(channels, channels, height, width // 2 + 1, dtype=torch.float64)
        self.add_state("colour", torch.zeros(channels, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("power", power, dist_reduce_fx="sum")
        self.add_state("pictures", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(
        self,
        images: UInt8[Tensor, "batch channels height width"] | Float[Tensor, "batch channels height width"],
    ) -> None:
        """Add pictures, perhaps none.

        Args:
            images: With values 0 to 255, as observations hold them.

        Raises:
            ValueError: If they have another shape.
        """
        if tuple(images.shape[1:]) != self.shape:
            raise ValueError(f"wanted pictures of shape {self.shape}, got {tuple(images.shape[1:])}")
        at_once = max(1, _AT_ONCE // math.prod(self.shape))
        for first in range(0, len(images), at_once):
            values = images[first : first + at_once].double()
            self.colour += values.mean((2, 3)).sum(0)
            self._add_power(torch.fft.rfft2(values, norm="ortho"))
        self.pictures += len(images)

    def compute(self) -> Statistics:
        """The statistics of all pictures on all ranks.

        Raises:
            ValueError: If there was no picture, or all were of one and the same colour.
        """
        if not self.pictures:
            raise ValueError("statistics of pictures want one picture at least, got none")
        _, height, width = self.shape
        mean, power = self.colour / (255 * self.pictures), self.power / (255**2 * self.pictures)
        moments = (power * weights(width).to(mean.device)).sum((2, 3)) / (height * width)
        covariance = moments - mean[:, None] * mean
        if float(covariance.trace()) < 1e-12:
            raise ValueError(f"all {int(self.pictures)} pictures are of one colour; wanted such as vary")
        magnitude = _magnitude(power, mean, covariance, height * width)
        return Statistics(mean.cpu(), covariance.cpu(), magnitude.cpu(), width, int(self.pictures))

    def _add_power(self, spectrum: Complex[Tensor, "batch channels height half"]) -> None:
        """Add Re F_i F_j*, a pair of channels at a time: a third of the time that a product of all with all takes."""
        real, imaginary = spectrum.real.contiguous(), spectrum.imag.contiguous()
        for one in range(spectrum.shape[1]):
            for other in range(one + 1):
                power = (real[:, one] * real[:, other] + imaginary[:, one] * imaginary[:, other]).sum(0)
                self.power[one, other] += power
                if other != one:
                    self.power[other, one] += power


def _magnitude(
    power: Float[Tensor, "channels channels height half"],
    mean: Float[Tensor, " channels"],
    covariance: Float[Tensor, "channels channels"],
    pixels: int,
) -> Float[Tensor, "channels height half"]:
    """Root of the mean power of colours written along their axes, from their mean."""
    centred = power.clone()
    centred[:, :, 0, 0] -= pixels * mean[:, None] * mean
    inverse = torch.linalg.pinv(principal_axes(covariance), rtol=math.sqrt(torch.finfo(torch.float64).eps))
    return torch.einsum("ki, kj, ijhw -> khw", inverse, inverse, centred).clamp(min=0).sqrt()
