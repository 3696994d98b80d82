"""Random shifts by whole pixels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.prototypes.views.chance import Chance
from rivalry.prototypes.views.view import View


@dataclass(frozen=True)
class Jitter(View):
    """Shift an image on both axes; what leaves at one edge comes in at the other.

    Attributes:
        pixels: Greatest shift, either way.

    Raises:
        ValueError: If it is negative.
    """

    pixels: int

    def __post_init__(self) -> None:
        if self.pixels < 0:
            raise ValueError(f"a jitter is of 0 pixels or more, got {self.pixels}")

    def __call__(
        self, images: Float[Tensor, "batch channels height width"], chance: Chance
    ) -> Float[Tensor, "batch channels height width"]:
        """Change images, each by draws of its own."""
        height, width = images.shape[2:]
        shift = (chance.evenly(2) * (2 * self.pixels + 1)).long().to(images.device) - self.pixels
        rows = (torch.arange(height, device=images.device) + shift[:, :1]) % height
        columns = (torch.arange(width, device=images.device) + shift[:, 1:]) % width
        shifted = images.gather(2, rows[:, None, :, None].expand_as(images))
        return shifted.gather(3, columns[:, None, None, :].expand_as(images))
