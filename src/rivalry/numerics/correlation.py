"""Pearson's correlation between every unit and every concept, from sums that can be streamed and added over ranks.

    r_uc = (n Σxy − Σx Σy) / √((n Σx² − (Σx)²) (n Σy² − (Σy)²))

Pearson (1895). The sums are float64: with them the difference keeps its digits for any number of images in reach.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def pearson_from_sums(
    count: Float[Tensor, ""],
    sum_x: Float[Tensor, " units"],
    sum_y: Float[Tensor, " concepts"],
    sum_xx: Float[Tensor, " units"],
    sum_yy: Float[Tensor, " concepts"],
    sum_xy: Float[Tensor, "units concepts"],
) -> Float[Tensor, "units concepts"]:
    """Correlate two families of variables of which only the sums are known.

    Args:
        count: Number n of samples.
        sum_x: Σx of each unit.
        sum_y: Σy of each concept.
        sum_xx: Σx² of each unit.
        sum_yy: Σy² of each concept.
        sum_xy: Σxy of each pair.

    Returns:
        Correlations in [-1, 1]; 0 where either of the pair never varies, for then nothing is known of it.

    >>> x, y = torch.tensor([[1.0, 2.0, 3.0]]).double(), torch.tensor([[2.0, 4.0, 6.0], [1.0, 1.0, 1.0]]).double()
    >>> n = torch.tensor(3.0).double()
    >>> pearson_from_sums(n, x.sum(1), y.sum(1), (x * x).sum(1), (y * y).sum(1), x @ y.T)
    tensor([[1., 0.]], dtype=torch.float64)
    """
    spread_x = _spread(count, sum_x, sum_xx)
    spread_y = _spread(count, sum_y, sum_yy)
    covariance = count * sum_xy - sum_x[:, None] * sum_y[None, :]
    scale = (spread_x[:, None] * spread_y[None, :]).sqrt()
    correlation = covariance / torch.where(scale > 0, scale, 1.0)
    return torch.where(scale > 0, correlation, 0.0).clamp(-1.0, 1.0)


def _spread(count: Tensor, total: Tensor, squares: Tensor) -> Tensor:
    """``n Σx² − (Σx)²``, and exactly zero where only rounding is left of it."""
    spread = count * squares - total.square()
    noise = 1e-12 * (count * squares).abs()
    return torch.where(spread > noise, spread, 0.0)
