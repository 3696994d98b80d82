"""Columns of numbers, centred and of length one: products of these are Pearson's correlations, or centred cosines."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

_ROUNDING = 1e-12

_AT_ONCE = 2**20


def centred(values: Float[Tensor, "samples columns"]) -> Float[Tensor, "samples columns"]:
    """Take off each column's mean, and divide by what is its length then; 0 where a column never varies.

    To vary by less than a millionth of itself is what rounding of float32 does.

    Args:
        values: One row a picture, none perhaps.

    >>> centred(torch.tensor([[1.0, 5.0], [3.0, 5.0]])).round(decimals=3)
    tensor([[-0.7070,  0.0000],
            [ 0.7070,  0.0000]])
    """
    if not values.numel():
        return values.float()
    found = torch.empty(values.shape, device=values.device)
    columns = torch.arange(values.shape[1], device=values.device)
    for block in torch.split(columns, max(1, _AT_ONCE // len(values))):
        exact = values[:, block].double()
        about = exact - exact.mean(0)
        squares = about.square().sum(0)
        varies = squares > _ROUNDING * exact.square().sum(0)
        found[:, block] = torch.where(varies, about / torch.where(varies, squares, 1.0).sqrt(), 0.0).float()
    return found
