"""Ridge regression in closed form: the linear probe that needs no training of its own.

    w = (XᵀX + λI)⁻¹ Xᵀy = Xᵀ(XXᵀ + λI)⁻¹ y

Hoerl & Kennard (1970), of standardised columns; of the two forms the smaller system is solved.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class LinearProbe(NamedTuple):
    """A direction in the space of units, or one for each of several targets.

    Attributes:
        weights: Of the units as they are.
        bias: Added to the product.
    """

    weights: Float[Tensor, "units *targets"]
    bias: Float[Tensor, "*targets"]

    def score(self, rows: Float[Tensor, "samples units"]) -> Float[Tensor, "samples *targets"]:
        """What the probe foretells of rows: the larger, the more of the positive kind."""
        return rows.double() @ self.weights + self.bias


def fit_ridge(
    rows: Float[Tensor, "samples units"], target: Float[Tensor, "samples *targets"], *, strength: float = 1.0
) -> LinearProbe:
    """Fit a linear function of standardised units to a target, or one to each of several.

    Args:
        rows: What is known of the samples. Units that never vary get no weight.
        target: What is to be foretold, such as 1 and −1; of several targets a column each.
        strength: λ > 0, for columns of variance 1.

    Raises:
        ValueError: For no sample, or a strength that is not positive.

    >>> probe = fit_ridge(torch.tensor([[0.0], [2.0]]), torch.tensor([-1.0, 1.0]), strength=1e-9)
    >>> probe.score(torch.tensor([[0.0], [1.0], [2.0]])).round(decimals=4)
    tensor([-1.,  0.,  1.], dtype=torch.float64)
    """
    if not len(rows) or not strength > 0:
        raise ValueError(f"a ridge wants samples and a positive strength, got {len(rows)} samples and {strength}")
    values, wanted = rows.double(), target.double()
    mean, spread = values.mean(0), values.std(0, correction=0)
    scale = torch.where(spread > 1e-12 * values.abs().amax(0), 1 / spread, 0.0)
    standard, centred = (values - mean) * scale, wanted - wanted.mean(0)
    samples, units = standard.shape
    identity = strength * torch.eye(min(samples, units), dtype=values.dtype, device=values.device)
    if units <= samples:
        solved = torch.linalg.solve(standard.T @ standard + identity, standard.T @ centred)
    else:
        solved = standard.T @ torch.linalg.solve(standard @ standard.T + identity, centred)
    weights = torch.einsum("u,u...->u...", scale, solved)
    return LinearProbe(weights, wanted.mean(0) - mean @ weights)
