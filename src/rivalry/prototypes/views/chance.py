"""Draws by counter: what is drawn for an image depends on (seed, image, step) alone, never on who shares its batch.

So an image is optimised in the same way in a batch of a thousand and alone, and a resumed optimisation goes on as it
would have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.data.augmentation.randomness import draw_evenly, hashed


@dataclass(frozen=True, eq=False)
class Chance:
    """Random numbers for the images of a batch; the same whenever they are asked for.

    >>> both = Chance(0, torch.tensor([3, 8]), step=5).evenly(2)
    >>> alone = Chance(0, torch.tensor([8]), step=5).evenly(2)
    >>> torch.equal(both[1:], alone)
    True

    Attributes:
        seed: Decides it all.
        image: A number for each image of the batch, its own for good; draws lie on its device.
        step: Of the optimisation.
    """

    seed: int
    image: Int[Tensor, " batch"]
    step: int

    def apart(self, use: int) -> Chance:
        """Chance for another use: draws have nothing to do with these, or with those for any other use."""
        return replace(self, seed=hashed(self.seed, use) >> 1)  # a seed has 63 bits and no sign

    def evenly(self, columns: int) -> Float[Tensor, "batch {columns}"]:
        """Draw from [0, 1), a row an image."""
        return draw_evenly(self.seed, self.step, self.image, columns).to(self.image.device)

    def normally(self, shape: Sequence[int]) -> Float[Tensor, "batch ..."]:
        """Draw from the standard normal distribution, of this shape for each image (Box & Muller 1958)."""
        size = math.prod(shape)
        half = -(-size // 2)
        radius, angle = self.evenly(2 * half).view(-1, 2, half).unbind(1)
        radius = (-2 * torch.log1p(-radius)).sqrt()
        angle = 2 * math.pi * angle
        return torch.cat((radius * angle.cos(), radius * angle.sin()), dim=1)[:, :size].view(-1, *shape)
