"""The descent of a sparse autoencoder: epochs of Adam over shuffled rows, the rate halved where the loss stays."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import ReduceLROnPlateau

from rivalry.concepts.extraction.gram import squares

HALVINGS = 4
"""A descent has converged where its rate was halved so often."""

PATIENCE = 2
"""Epochs without a smaller loss after which the rate is halved."""

THRESHOLD = 1e-3
"""Share of the loss by which it must fall below its lowest to have fallen."""


def top_codes(scores: Float[Tensor, "samples concepts"], active: int) -> Float[Tensor, "samples concepts"]:
    """The largest positive scores of each row, at most so many, and 0 for the others.

    >>> top_codes(torch.tensor([[3.0, -1.0, 2.0], [-1.0, -2.0, 5.0]]), 2)
    tensor([[3., 0., 2.],
            [0., 0., 5.]])
    """
    values, places = scores.relu().topk(min(active, scores.shape[1]), 1)
    return torch.zeros_like(scores).scatter(1, places, values)


class Descent:
    """Fits an encoder, its bias and concepts of length 1 to rows, an epoch at a time.

    Args:
        rows: Of about length 1.
        concepts: To begin with, of length 1; the encoder begins with them too.
        active: Codes of a row that are not zero, at most.
        rate: Of Adam at first.
        batch: Rows a step, about.
        seed: Of the order of rows.
    """

    def __init__(self, rows: Tensor, concepts: Tensor, active: int, *, rate: float, batch: int, seed: int) -> None:
        self.concepts = nn.Parameter(concepts.clone())
        self.weights = nn.Parameter(concepts.clone())
        self.bias = nn.Parameter(concepts.new_zeros(len(concepts)))
        self._rows, self._active, self._first_rate = rows, active, rate
        self._batches = -(-len(rows) // batch)
        self._order = torch.Generator().manual_seed(seed)
        self._adam = torch.optim.Adam([self.concepts, self.weights, self.bias], lr=rate)
        self._plateau = ReduceLROnPlateau(self._adam, factor=0.5, patience=PATIENCE, threshold=THRESHOLD)
        self._energy = squares(rows).sum()

    @property
    def converged(self) -> bool:
        """Whether going on is not worth it."""
        rate: float = self._adam.param_groups[0]["lr"]
        return rate <= self._first_rate * 0.5**HALVINGS

    def epoch(self) -> float:
        """Go over all rows once; gives ‖A − UV‖ / ‖A‖, each row judged when it was shown."""
        order = torch.randperm(len(self._rows), generator=self._order).to(self._rows.device)
        used = torch.zeros_like(self.bias, dtype=torch.bool)
        lost = torch.zeros_like(self._energy)
        for places in order.chunk(self._batches):
            codes, residual = self._step(self._rows[places])
            used |= (codes > 0).any(0)
            lost += residual.square().sum(dtype=torch.double)
        self._revive(~used)
        share = float(lost / self._energy)
        self._plateau.step(share)
        return math.sqrt(share)

    def _step(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        self._adam.zero_grad()
        codes = self._codes(rows)
        residual = rows - codes @ self.concepts
        residual.square().sum(1).mean().backward()  # type: ignore[no-untyped-call]
        self._adam.step()
        with torch.no_grad():
            self.concepts.copy_(functional.normalize(self.concepts, dim=1))
        return codes.detach(), residual.detach()

    def _codes(self, rows: Tensor) -> Tensor:
        return top_codes(functional.linear(rows, self.weights, self.bias), self._active)

    @torch.no_grad()
    def _revive(self, dead: Tensor) -> None:
        """Let concepts that no row had begin anew, with what the worst served rows lack."""
        if not bool(dead.any()):
            return
        residual = self._rows - self._codes(self._rows) @ self.concepts
        worst = residual.square().sum(1).topk(int(dead.sum())).indices
        self.concepts[dead] = functional.normalize(residual[worst], dim=1)
        self.weights[dead], self.bias[dead] = self.concepts[dead], 0.0
