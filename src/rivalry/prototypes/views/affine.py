"""Random affine maps, from small to extra large: each image turned, scaled, sheared and shifted on its own.

Prototype Generation shows images through affine maps of which it says no more than that there are small to extra large
ones. The numbers here are ours:

==== ======== ============ ======== =======================
size turn     scale        shear    shift, share of a side
==== ======== ============ ======== =======================
s    ± 5°     1 to 1.05    ± 2.5°   ± 0.03
m    ± 10°    0.95 to 1.1  ± 5°     ± 0.06
l    ± 20°    0.9 to 1.25  ± 10°    ± 0.12
xl   ± 30°    0.8 to 1.5   ± 15°    ± 0.2
==== ======== ============ ======== =======================
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.numerics.nearest import nearest
from rivalry.prototypes.views.chance import Chance
from rivalry.prototypes.views.resampling import resampled
from rivalry.prototypes.views.view import View

Size: TypeAlias = Literal["s", "m", "l", "xl"]


@dataclass(frozen=True)
class Reach:
    """How far a map goes at most; all draws are even within it.

    Attributes:
        turn: Degrees either way.
        smallest: Scale, below 1 where an image may shrink; scales are even on a logarithmic axis.
        largest: Scale.
        shear: Degrees either way, of the vertical axis.
        shift: Share of a side, either way on both axes.
    """

    turn: float
    smallest: float
    largest: float
    shear: float
    shift: float


REACHES: dict[Size, Reach] = {
    "s": Reach(5, 1.0, 1.05, 2.5, 0.03),
    "m": Reach(10, 0.95, 1.1, 5, 0.06),
    "l": Reach(20, 0.9, 1.25, 10, 0.12),
    "xl": Reach(30, 0.8, 1.5, 15, 0.2),
}


@dataclass(frozen=True)
class Affine(View):
    """Turn, scale, shear and shift an image; beyond its edges it is mirrored.

    Attributes:
        size: How far, a key of `REACHES`.

    Raises:
        ValueError: For another size.
    """

    size: Size = "m"

    def __post_init__(self) -> None:
        if self.size not in REACHES:
            near = nearest(str(self.size), REACHES, 1)
            raise ValueError(f"an affine view is of size {', '.join(REACHES)}, not {self.size!r}; nearest: {near}")

    def __call__(
        self, images: Float[Tensor, "batch channels height width"], chance: Chance
    ) -> Float[Tensor, "batch channels height width"]:
        """Change images, each by draws of its own."""
        return resampled(images, maps(REACHES[self.size], chance.evenly(5), images.shape[2], images.shape[3]))


def maps(reach: Reach, draws: Float[Tensor, "batch 5"], height: int, width: int) -> Float[Tensor, "batch 2 3"]:
    """From places in the view to places in the image."""
    either = 2 * draws - 1
    turn, shear = math.radians(reach.turn) * either[:, 0], torch.tan(math.radians(reach.shear) * either[:, 1])
    low, high = math.log(reach.smallest), math.log(reach.largest)
    scale = torch.exp(low + (high - low) * draws[:, 2])
    across, down = reach.shift * width * either[:, 3], reach.shift * height * either[:, 4]
    cosine, sine = turn.cos() / scale, turn.sin() / scale
    rows = (cosine, cosine * shear - sine, across, sine, sine * shear + cosine, down)
    return torch.stack(rows, dim=1).view(-1, 2, 3)
