"""Fit a basis to pixels: few directions on at each of them, fully on, each on somewhere (see :mod:`losses`)."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from rivalry.basis.rotation.recipe import Recipe
from rivalry.basis.rotation.rotation import Rotation


def fit_rotation(
    pixels: Float[Tensor, "pixels channels"],
    directions: int,
    *,
    recipe: Recipe = Recipe(),
    start: Rotation | None = None,
    seed: int = 0,
    progress: bool = False,
) -> Rotation:
    """Find orthonormal directions of standardised features in which the losses are small.

    The same on every rank: it is fitted on rank 0, and the others get what was found. A collective; all ranks must
    hold the same pixels. Works wherever gradients are switched off; global random states stay as they are.

    Args:
        pixels: Raw features of single places; finite, and as many as directions at least.
        directions: I, from 1 to the number of channels.
        recipe: Losses and descent.
        start: A basis to go on from: its rotation, margin and bias, with means and scales of these pixels. By
            default the fit begins with a rotation that the seed draws. Going on, use ``recipe.warm()``.
        seed: Of the first rotation and of the order of the pixels.
        progress: Whether to draw a progress bar (on rank 0).

    Raises:
        ValueError: For more directions than channels, fewer pixels than directions, pixels that are not finite,
            features that are all constant, or a start of another size.
    """
    raise NotImplementedError
