"""Draws by counter: what is drawn for an image depends on (seed, image, step) alone, never on who shares its batch.

So an image is optimised in the same way in a batch of a thousand and alone, and a resumed optimisation goes on as it
would have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from jaxtyping import Float, Int
from torch import Tensor

from rivalry.data.augmentation.randomness import draw_evenly, hashed
from rivalry.prototypes.views.counter import drawn


@dataclass(frozen=True, eq=False)
class Chance:
    """Random numbers for the images of a batch; the same whenever they are asked for.

    >>> import torch
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
        draw = draw_evenly if self.image.is_cpu else drawn  # the same bits
        return draw(self.seed, self.step, self.image, columns)

    def normally(self, shape: Sequence[int]) -> Float[Tensor, "batch ..."]:
        """Draw from the standard normal distribution, of this shape for each image, within 5.5 deviations."""
        between = 2 * self.evenly(math.prod(shape)) - (1 - 2**-24)  # symmetric, and never −1 or 1
        return (math.sqrt(2) * between.erfinv()).view(-1, *shape)
