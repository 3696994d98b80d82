"""Products of activations with themselves, and the error of a reconstruction, in double precision a chunk at a time."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

_ROWS_AT_ONCE = 4096


def gram(rows: Float[Tensor, "samples channels"]) -> Float[Tensor, "channels _"]:
    """AᵀA in double precision.

    >>> gram(torch.tensor([[1.0, 2.0], [0.0, 1.0]]))
    tensor([[1., 2.],
            [2., 5.]], dtype=torch.float64)
    """
    total = rows.new_zeros(rows.shape[1], rows.shape[1], dtype=torch.double)
    for part in torch.split(rows, _ROWS_AT_ONCE):
        wide = part.double()
        total.addmm_(wide.T, wide)
    return total


def relative_error(
    rows: Float[Tensor, "samples channels"],
    codes: Float[Tensor, "samples concepts"],
    concepts: Float[Tensor, "concepts channels"],
) -> float:
    """‖A − UV‖ / ‖A‖ (Frobenius), from 0.

    >>> relative_error(torch.tensor([[3.0, 4.0]]), torch.tensor([[3.0]]), torch.tensor([[1.0, 0.0]]))
    0.8
    """
    parts = zip(torch.split(rows, _ROWS_AT_ONCE), torch.split(codes, _ROWS_AT_ONCE), strict=True)
    lost = sum(
        float(torch.addmm(part, code, concepts, alpha=-1).square().sum(dtype=torch.double)) for part, code in parts
    )
    return math.sqrt(lost / float(rows.square().sum(dtype=torch.double)))
