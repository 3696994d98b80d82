"""The interface of all parametrisations: what an image is a function of.

A *parametrisation* is a choice that a settings file can name. Bound to a size and to the statistics of pictures it is a
*canvas*, which turns parameters, a row an image, into images and back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TypeAlias, final

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.prototypes.images.colours import Colours
from rivalry.prototypes.images.statistics import Statistics
from rivalry.prototypes.views.chance import Chance

Parameters: TypeAlias = Float[Tensor, "count ..."]
Images: TypeAlias = Float[Tensor, "count channels height width"]


@dataclass(frozen=True, eq=False)
class Canvas(ABC):
    """Images of one size as functions of parameters; differentiable, each image of its own row alone.

    Attributes:
        shape: Channels, height and width of an image.
        colours: How colours are written.
    """

    shape: tuple[int, int, int]
    colours: Colours

    @abstractmethod
    def start(self, chance: Chance) -> Parameters:
        """Where an optimisation begins: parameters of as many images as there is chance for, on its device."""

    @abstractmethod
    def images(self, parameters: Parameters) -> Images:
        """Images, in [0, 1]."""

    @abstractmethod
    def parameters_of(self, images: Images) -> Parameters:
        """Parameters of given images; of what cannot be represented, the nearest that can."""


class Parametrisation(ABC):
    """A way to write an image; frozen, so that a settings file names it once for all sizes."""

    @final
    def canvas(self, shape: tuple[int, int, int], statistics: Statistics, device: torch.device | str = "cpu") -> Canvas:
        """Bind it to a size and to pictures.

        Args:
            shape: Channels, height and width.
            statistics: Of the pictures that the network sees; of another size they are interpolated.
            device: Where images shall lie.

        Raises:
            ValueError: If the pictures have another number of channels, or a side is below 2.
        """
        channels, height, width = shape
        if len(statistics.mean) != channels:
            raise ValueError(
                f"an image of {channels} channels wants statistics of pictures with as many, "
                f"got those of pictures with {len(statistics.mean)}"
            )
        if min(height, width) < 2:
            raise ValueError(f"an image has at least 2 × 2 pixels, got {height} × {width}")
        with torch.inference_mode(False):  # autograd refuses what was made in that mode
            known = statistics.of_size(height, width)
            return self._canvas(shape, Colours.of(known, torch.device(device)), known)

    @abstractmethod
    def _canvas(self, shape: tuple[int, int, int], colours: Colours, statistics: Statistics) -> Canvas:
        """Bind it, to statistics of the same size."""
