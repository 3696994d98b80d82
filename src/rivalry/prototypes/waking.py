"""Where units start from that are silent: where a unit gives 0 everywhere, no gradient finds a way to the picture.

A canvas starts near grey, where of units that compete most lose, and many rectified ones are silent. Such a unit starts
from that of some noise pictures (with the spectrum of the probe set's pictures and random phases) which it answers to
most; and, where it answers to none of them, from its strongest natural picture. The choice is ours, and the record says
which it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rivalry.prototypes.images import MACO, Statistics
from rivalry.prototypes.natural import Worth
from rivalry.prototypes.views import Chance

NOISE = 64
"""Noise pictures that a silent unit is shown."""


@dataclass(frozen=True)
class Woken:
    """Images to start from.

    Attributes:
        images: In [0, 1]; copies of a target one after another.
        by_noise: Whether each is noise; else it is a natural picture.
    """

    images: Float[Tensor, "images channels height width"]
    by_noise: Bool[Tensor, " images"]


def noise_pictures(
    shape: tuple[int, int, int], statistics: Statistics, seed: int, device: torch.device
) -> Float[Tensor, "pictures channels height width"]:
    """Pictures of random phase with the spectrum and the colours of natural ones, in [0, 1]."""
    canvas = MACO().canvas(shape, statistics, device)
    return canvas.images(canvas.start(Chance(seed, torch.arange(NOISE, device=device), 0))).detach()


def woken(
    noise: Float[Tensor, "pictures channels height width"],
    worth: Worth,
    natural: Sequence[Float[Tensor, "channels height width"]],
    copies: int,
) -> Woken:
    """Choose where silent targets start from: each copy from another noise picture, as long as there are any.

    Args:
        noise: Noise pictures.
        worth: What they are worth to each target.
        natural: The strongest natural picture of each target.
        copies: Prototypes of each target.
    """
    images, by_noise = [], []
    for target, picture in enumerate(natural):
        values = worth.values[:, target].masked_fill(~worth.answered[:, target], -torch.inf)
        best = values.sort(descending=True, stable=True)
        for copy in range(copies):
            answers = copy < len(noise) and bool(best.values[copy].isfinite())
            images.append(noise[best.indices[copy]] if answers else picture.to(noise))
            by_noise.append(answers)
    return Woken(torch.stack(images), torch.tensor(by_noise))
