"""Fourier: parameters are a spectrum, in which low frequencies weigh more.

    z = irfft2(s(f) · (p₁ + i p₂))        s(f) ∝ 1 / f^decay

Olah, Mordvintsev & Schubert 2017, "Feature Visualization" (doi:10.23915/distill.00007), appendix: the gradient is the
same, its steepest direction is another, one in which no frequency is favoured over the 1/f of natural pictures. s is
scaled so that normal parameters give coordinates of mean square 1, whatever the size. [D] lucid's scale is
about twice that: 1.8 times at 64 pixels, 2.06 times at 224.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.prototypes.images.colours import Colours
from rivalry.prototypes.images.parametrisation import Canvas, Images, Parametrisation
from rivalry.prototypes.images.spectrum import decaying, real_images, weights
from rivalry.prototypes.images.statistics import Statistics
from rivalry.prototypes.views.chance import Chance


@dataclass(frozen=True)
class Fourier(Parametrisation):
    """A spectrum with real and imaginary parts as parameters.

    Attributes:
        decay: Power of the frequency by which a magnitude falls; 0 favours none.
        deviation: Of the spectrum's noise where an optimisation begins.

    Raises:
        ValueError: If the decay is negative.
    """

    decay: float = 1.0
    deviation: float = 0.01

    def __post_init__(self) -> None:
        if self.decay < 0:
            raise ValueError(f"a decay is 0 or more (1 is that of natural pictures), got {self.decay}")

    def _canvas(self, shape: tuple[int, int, int], colours: Colours, statistics: Statistics) -> Canvas:
        # A complex number of normal parts has mean square 2; in columns that hold a frequency and its negative the
        # image has the mean of both.
        scale = decaying(*shape[1:], self.decay) / weights(shape[2]).sqrt()
        return FourierCanvas(shape, colours, scale.float().to(colours.mean.device), self.deviation)


@dataclass(frozen=True, eq=False)
class FourierCanvas(Canvas):
    """Images whose parameters are real and imaginary part of a scaled spectrum, (count, channels, height, half, 2).

    Attributes:
        scale: s, by frequency.
        deviation: Of the parameters at the start.
    """

    scale: Float[Tensor, "height half"]
    deviation: float

    def start(self, chance: Chance) -> Float[Tensor, "count channels height half 2"]:
        """Noise around the mean colour."""
        return self.deviation * chance.normally((self.shape[0], *self.scale.shape, 2))

    def images(self, parameters: Float[Tensor, "count channels height half 2"]) -> Images:
        """Images, in [0, 1]."""
        spectrum = torch.view_as_complex(parameters.contiguous()) * self.scale
        return self.colours.images(real_images(spectrum, self.shape[2]))

    def parameters_of(self, images: Images) -> Float[Tensor, "count channels height half 2"]:
        """The spectrum of the colours' coordinates."""
        spectrum = torch.fft.rfft2(self.colours.coordinates(images), norm="ortho")
        return torch.view_as_real(spectrum / self.scale)
