"""Pixels: a parameter is a coordinate of a pixel's colour, in deviations of the user's pictures."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from rivalry.prototypes.images.colours import Colours
from rivalry.prototypes.images.parametrisation import Canvas, Images, Parametrisation
from rivalry.prototypes.images.statistics import Statistics
from rivalry.prototypes.views.chance import Chance


@dataclass(frozen=True)
class Pixels(Parametrisation):
    """Every pixel for itself, as Prototype Generation writes images.

    Attributes:
        deviation: Of the noise around the mean colour where an optimisation begins.
    """

    deviation: float = 0.01

    def _canvas(self, shape: tuple[int, int, int], colours: Colours, statistics: Statistics) -> Canvas:
        return PixelCanvas(shape, colours, self.deviation)


@dataclass(frozen=True, eq=False)
class PixelCanvas(Canvas):
    """Images whose parameters are the coordinates of their colours."""

    deviation: float

    def start(self, chance: Chance) -> Float[Tensor, "count channels height width"]:
        """Noise around the mean colour."""
        return self.deviation * chance.normally(self.shape)

    def images(self, parameters: Float[Tensor, "count channels height width"]) -> Images:
        """Images, in [0, 1]."""
        return self.colours.images(parameters)

    def parameters_of(self, images: Images) -> Float[Tensor, "count channels height width"]:
        """Coordinates of the colours."""
        return self.colours.coordinates(images)
