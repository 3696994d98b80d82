"""The descent: epochs of Adam over shuffled pixels, the rate halved where the loss no longer falls."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from rivalry.basis.rotation.losses import NAMES, losses
from rivalry.basis.rotation.objective import objective_of
from rivalry.basis.rotation.recipe import Recipe
from rivalry.basis.rotation.rotated import Rotated

HALVINGS = 5
"""A descent has converged where its rate was halved so often."""
TOLERANCE = 2e-3
"""Share of the loss by which it must fall below its lowest to have fallen."""


class Descent:
    """Fits a rotation, margin and bias to pixels, an epoch at a time.

    Args:
        rotated: What is fitted, in place.
        standardised: Features of the pixels.
        recipe: Losses, rate, batch and patience.
        seed: Of the order of the pixels.
    """

    def __init__(
        self, rotated: Rotated, standardised: Float[Tensor, "pixels channels"], recipe: Recipe, seed: int
    ) -> None:
        self.rotated, self.recipe = rotated, recipe
        self._pixels = standardised
        self._batches = -(-len(standardised) // recipe.batch)
        self._order = torch.Generator().manual_seed(seed)
        self._objective = objective_of(recipe.objective)
        self._adam = torch.optim.Adam(rotated.parameters(), lr=recipe.rate)
        self._plateau = ReduceLROnPlateau(self._adam, factor=0.5, patience=recipe.patience, threshold=TOLERANCE)

    @property
    def rate(self) -> float:
        """The present rate."""
        rate: float = self._adam.param_groups[0]["lr"]
        return rate

    @property
    def converged(self) -> bool:
        """Whether going on is not worth it."""
        return self.rate <= self.recipe.rate * 0.5**HALVINGS

    def epoch(self) -> dict[str, float]:
        """Go over all pixels once; gives the batches' mean losses, their total, and the rate they were made with."""
        rate = self.rate
        order = torch.randperm(len(self._pixels), generator=self._order).to(self._pixels.device)
        mean = self._mean(self._step(self._pixels[places]) for places in order.chunk(self._batches))
        self.rotated.recentre()
        self._objective.learn(mean)
        told = self._told(mean)
        self._plateau.step(told["total"])
        return {**told, "rate": rate}

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """Mean losses over batches of all pixels, and their total, as things stand."""
        return self._told(self._mean(self._losses(pixels) for pixels in self._pixels.chunk(self._batches)))

    def _step(self, pixels: Tensor) -> Tensor:
        self._adam.zero_grad()
        found = self._losses(pixels)
        self._objective(found).backward()  # type: ignore[no-untyped-call]
        self._adam.step()
        return found.detach()

    def _losses(self, pixels: Tensor) -> Float[Tensor, "4"]:
        recipe = self.recipe
        return losses(self.rotated(pixels), self.rotated.margin, coverage=recipe.coverage, exponent=recipe.exponent)

    def _mean(self, of_batches: Iterable[Tensor]) -> Float[Tensor, "4"]:
        return torch.stack(list(of_batches)).mean(0)

    def _told(self, mean: Float[Tensor, "4"]) -> dict[str, float]:
        return {**dict(zip(NAMES, mean.tolist(), strict=True)), "total": self._objective.judge(mean)}
