"""Columns of numbers, centred and of length one: products of these are Pearson's correlations, or centred cosines."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

_ROUNDING = 1e-12


def centred(values: Float[Tensor, "samples columns"]) -> Float[Tensor, "samples columns"]:
    """Take off each column's mean, and divide by what is its length then; 0 where a column never varies.

    To vary by less than a millionth of itself is what rounding of float32 does.

    Args:
        values: One row a picture, none perhaps.

    >>> centred(torch.tensor([[1.0, 5.0], [3.0, 5.0]])).round(decimals=3)
    tensor([[-0.7070,  0.0000],
            [ 0.7070,  0.0000]])
    """
    if not len(values):
        return values.float()
    exact = values.double()
    about = exact - exact.mean(0)
    squares = about.square().sum(0)
    varies = squares > _ROUNDING * exact.square().sum(0)
    return torch.where(varies, about / torch.where(varies, squares, 1.0).sqrt(), 0.0).float()
