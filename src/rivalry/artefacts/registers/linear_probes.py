"""What single tokens hold: where they lie, and what the picture shows, as far as a linear probe can tell.

    place      1 − mean squared error of (row, column) / variance of the grid       1: exactly, 0: as well as the middle
    class      share of test images that are told right from one token

Darcet et al. (ICLR 2024) find that outliers know less of their place and more of the class than other patches. Our
operationalisation: ridge regression in closed form of standardised channels, λ = the number of training images, one
token an image, so that every group is learnt from as many tokens; images are halved, and each half tests what the other
has taught. The network's weights are not touched.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.numerics.ridge import fit_ridge

LEAST_IMAGES = 40
"""Fewer images tell nothing."""
LEAST_OF_A_CLASS = 4
"""Images of each class, on average, that a class probe wants."""
STRENGTH = 1.0
"""λ over the number of training images."""


def place_score(
    tokens: Float[Tensor, "images channels"], places: Int[Tensor, " images"], grid: tuple[int, int], *, seed: int = 0
) -> float:
    """How well tokens tell where they lie; 1 at best, 0 as well as always saying the middle, NaN of too few.

    Args:
        tokens: One an image.
        places: Patch numbers, row by row.
        grid: Rows and columns of patches.
        seed: Decides the halves.
    """
    if len(tokens) < LEAST_IMAGES or max(grid) < 2:
        return math.nan
    wanted = torch.stack([places // grid[1], places % grid[1]], 1).double()
    error = float((_foretell(tokens, wanted, seed) - wanted).square().sum(1).mean())
    return 1 - error / sum((length**2 - 1) / 12 for length in grid)


def class_score(tokens: Float[Tensor, "images channels"], labels: Int[Tensor, " images"], *, seed: int = 0) -> float:
    """How often tokens tell the class, in [0, 1]; NaN of too few images, or too few of each class."""
    classes, wanted = torch.unique(labels, return_inverse=True)
    if len(tokens) < max(LEAST_IMAGES, LEAST_OF_A_CLASS * len(classes)) or len(classes) < 2:
        return math.nan
    foretold = _foretell(tokens, torch.nn.functional.one_hot(wanted).double(), seed)
    return float((foretold.argmax(1) == wanted).double().mean())


def _foretell(
    tokens: Float[Tensor, "images channels"], wanted: Float[Tensor, "images targets"], seed: int
) -> Float[Tensor, "images targets"]:
    """What a ridge that was fitted to one half says of the other, for both halves."""
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(tokens))).to(tokens.device)
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    foretold = torch.empty_like(wanted)
    for learnt, asked in (halves, halves[::-1]):
        probe = fit_ridge(tokens[learnt], wanted[learnt], strength=STRENGTH * len(learnt))
        foretold[asked] = probe.score(tokens[asked])
    return foretold
