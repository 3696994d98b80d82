"""MACO: parameters are phases; magnitudes are those of the user's pictures.

    z = irfft2(r(f) · e^{iφ})        r: root of the mean power of decorrelated colours, from the user's pictures

Fel, Boissin, Boutin, Picard, Novello, Colin, Linsley, Rousseau, Cadène, Goetschalckx, Gardes & Serre 2023, "Unlocking
Feature Visualization for Deeper Networks with MAgnitude Constrained Optimization" (arXiv:2306.06805). The paper takes
the magnitudes of ImageNet; where there are no pictures ours fall as 1/f (`Statistics.plain`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.prototypes.images.colours import Colours
from rivalry.prototypes.images.parametrisation import Canvas, Images, Parametrisation
from rivalry.prototypes.images.spectrum import odd, real_images
from rivalry.prototypes.images.statistics import Statistics
from rivalry.prototypes.views.chance import Chance


@dataclass(frozen=True)
class MACO(Parametrisation):
    """Phases as parameters, in radians."""

    def _canvas(self, shape: tuple[int, int, int], colours: Colours, statistics: Statistics) -> Canvas:
        magnitude = statistics.magnitude.clone()
        # Frequency 0 has no phase but a sign, which would make every image brighter than the pictures are.
        magnitude[:, 0, 0] = 0
        return MACOCanvas(shape, colours, magnitude.float().to(colours.mean.device))


@dataclass(frozen=True, eq=False)
class MACOCanvas(Canvas):
    """Images whose parameters are phases, (count, channels, height, half).

    Attributes:
        magnitude: r, by channel and frequency; 0 at frequency 0, so that an image has the mean colour.
    """

    magnitude: Float[Tensor, "channels height half"]

    def start(self, chance: Chance) -> Float[Tensor, "count channels height half"]:
        """Phases drawn evenly from −π to π: pictures' spectrum, and nothing else of pictures."""
        draws = chance.evenly(self.magnitude.numel())
        return (2 * math.pi * draws - math.pi).view(-1, *self.magnitude.shape)

    def images(self, parameters: Float[Tensor, "count channels height half"]) -> Images:
        """Images, in [0, 1]."""
        phases = odd(_held(parameters), self.shape[2])
        spectrum = torch.complex(self.magnitude * phases.cos(), self.magnitude * phases.sin())
        return self.colours.images(real_images(spectrum, self.shape[2]))

    def parameters_of(self, images: Images) -> Float[Tensor, "count channels height half"]:
        """The phases of images; their magnitudes are lost."""
        phases: Tensor = torch.fft.rfft2(self.colours.coordinates(images), norm="ortho").angle()
        return phases


def _held(phases: Float[Tensor, "count channels height half"]) -> Float[Tensor, "count channels height half"]:
    """Phases with a deviation of at most π an image; such as are drawn evenly, or are those of pictures, have π / √3.

    Else a step of one radian (the paper's rate) would turn waves by one radian for ever; so it turns them the less the
    farther the parameters have gone. The authors' implementation scales phases to deviation 1 for the same end. But so
    near to 0 waves agree in the corners of the image, which light up; and an image's own phases would not stay.
    """
    deviation = phases.flatten(1).std(1).clamp(min=math.pi)
    return phases * (math.pi / deviation)[:, None, None, None]
