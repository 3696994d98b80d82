"""Random crops, enlarged to the size of the image: those of MACO (Fel et al. 2023, arXiv:2306.06805)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.prototypes.views.chance import Chance
from rivalry.prototypes.views.resampling import resampled
from rivalry.prototypes.views.view import View


@dataclass(frozen=True)
class Crops(View):
    """One window an image, of a normally drawn side, anywhere within the image.

    Attributes:
        mean: Side of a window, as a share of the image's.
        spread: Deviation of that share; it is kept within `least` and 1.
        least: Smallest share.

    Raises:
        ValueError: If a share is not above 0 and at most 1, or the spread is negative.
    """

    mean: float = 0.25
    spread: float = 0.1
    least: float = 0.05

    def __post_init__(self) -> None:
        if not (0 < self.least <= self.mean <= 1 and self.spread >= 0):
            raise ValueError(f"wanted 0 < least ≤ mean ≤ 1 and a spread of 0 or more, got {self}")

    def __call__(
        self, images: Float[Tensor, "batch channels height width"], chance: Chance
    ) -> Float[Tensor, "batch channels height width"]:
        """Change images, each by draws of its own."""
        share = (self.mean + self.spread * chance.apart(0).normally((1,))[:, 0]).clamp(self.least, 1)
        sides = torch.tensor([images.shape[3], images.shape[2]], device=share.device)
        middle = (1 - share)[:, None] * sides * (chance.apart(1).evenly(2) - 0.5)
        scale = share[:, None, None] * torch.eye(2, device=share.device)
        return resampled(images, torch.cat((scale, middle[:, :, None]), dim=2))
