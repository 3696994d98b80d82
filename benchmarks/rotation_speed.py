"""An update of the unsupervised basis, at 512 channels and 100,000 pixels, beside the matrix products in it alone.

A first fit has up to twelve times as many epochs of the same steps; that needs no measurement. What does is how much
the losses and the rotation add to the two products of each step, by which features become scores, and gradients of
scores one of the rotation: no descent over the same pixels takes less.

Features are sparse, non-negative sources that a rotation mixes, roughly as activations are.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from side_by_side import Comparison
from torch import Tensor

from rivalry.basis.rotation import Recipe, fit_rotation
from rivalry.basis.rotation.start import random_rotation

CHANNELS, PIXELS = 512, 100_000


def features() -> Tensor:
    """Pixels at which few of as many sources as channels are on, mixed by a rotation."""
    generator = torch.Generator().manual_seed(0)
    sources = torch.randn(PIXELS, CHANNELS, generator=generator).sub_(2).relu_()
    return sources @ random_rotation(CHANNELS, seed=1)


def updates(device: torch.device) -> tuple[Callable[[], object], Callable[[], object]]:
    """An update by the default recipe, and the products of as many epochs."""
    pixels, recipe = features().to(device), Recipe().warm()
    before = fit_rotation(pixels[: recipe.batch], CHANNELS, recipe=recipe)

    def update() -> object:
        return fit_rotation(pixels, CHANNELS, recipe=recipe, start=before)

    def products() -> object:
        for _ in range(recipe.epochs):
            for batch in pixels.split(recipe.batch):
                batch.T @ (batch @ before.matrix)
        return before

    return update, products


COMPARISONS = [
    Comparison(
        f"basis_update at {CHANNELS} channels × {PIXELS:,} pixels",
        f"matrix products of its {Recipe().warm().epochs} epochs", updates, 1,
    )
]  # fmt: skip
