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
import numpy.typing as npt

LEAST_IMAGES = 40
"""Fewer images tell nothing."""
LEAST_OF_A_CLASS = 4
"""Images of each class, on average, that a class probe wants."""
STRENGTH = 1.0

Rows = npt.NDArray[np.float32]


def place_score(tokens: Rows, places: npt.NDArray[np.int64], grid: tuple[int, int], *, seed: int = 0) -> float:
    """How well tokens tell where they lie; 1 at best, 0 as well as always saying the middle, NaN of too few.

    Args:
        tokens: One an image, (images, channels).
        places: Patch numbers, row by row.
        grid: Rows and columns of patches.
        seed: Decides the halves.
    """
    if len(tokens) < LEAST_IMAGES or max(grid) < 2:
        return math.nan
    rows, columns = np.divmod(places, grid[1])
    wanted = np.stack([rows, columns], axis=1).astype(np.float64)
    error = float(((_foretell(tokens, wanted, seed) - wanted) ** 2).sum(1).mean())
    return 1 - error / sum((length**2 - 1) / 12 for length in grid)


def class_score(tokens: Rows, labels: npt.NDArray[np.int64], *, seed: int = 0) -> float:
    """How often tokens tell the class, in [0, 1]; NaN of too few images, or too few of each class."""
    classes, wanted = np.unique(labels, return_inverse=True)
    if len(tokens) < max(LEAST_IMAGES, LEAST_OF_A_CLASS * len(classes)) or len(classes) < 2:
        return math.nan
    foretold = _foretell(tokens, np.eye(len(classes))[wanted], seed)
    return float((foretold.argmax(1) == wanted).mean())


def _foretell(tokens: Rows, wanted: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    """What a ridge that was fitted to one half says of the other, for both halves."""
    order = np.random.default_rng(seed).permutation(len(tokens))
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    foretold = np.empty_like(wanted)
    for learnt, asked in (halves, halves[::-1]):
        mean, spread = tokens[learnt].mean(0), tokens[learnt].std(0)
        standard = (tokens - mean) / np.where(spread > 1e-6 * np.abs(tokens).max(), spread, np.inf)
        middle = wanted[learnt].mean(0)
        weights = _ridge(standard[learnt].astype(np.float64), wanted[learnt] - middle)
        foretold[asked] = standard[asked] @ weights + middle
    return foretold


def _ridge(rows: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weights of all targets at once, (XᵀX + λI)⁻¹ Xᵀy = Xᵀ(XXᵀ + λI)⁻¹ y, by the smaller of the two systems."""
    images, channels = rows.shape
    strength = STRENGTH * images
    weights: npt.NDArray[np.float64]
    if channels <= images:
        weights = np.linalg.solve(rows.T @ rows + strength * np.eye(channels), rows.T @ wanted)
    else:
        weights = rows.T @ np.linalg.solve(rows @ rows.T + strength * np.eye(images), wanted)
    return weights
