"""Products and squares of activations, and the error of a reconstruction, in double precision a chunk at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable

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
    return products(rows, rows)


def products(
    first: Float[Tensor, "samples firsts"], second: Float[Tensor, "samples seconds"]
) -> Float[Tensor, "firsts seconds"]:
    """AᵀB in double precision.

    >>> products(torch.tensor([[1.0, 2.0], [0.0, 1.0]]), torch.tensor([[3.0], [4.0]]))
    tensor([[ 3.],
            [10.]], dtype=torch.float64)
    """
    total = first.new_zeros(first.shape[1], second.shape[1], dtype=torch.double)
    for one, other in _chunks(first, second):
        total.addmm_(one.double().T, other.double())
    return total


def squares(rows: Float[Tensor, "samples channels"]) -> Float[Tensor, " channels"]:
    """Sum of squares of every channel in double precision.

    >>> squares(torch.tensor([[1.0, 2.0], [0.0, 1.0]]))
    tensor([1., 5.], dtype=torch.float64)
    """
    total = rows.new_zeros(rows.shape[1], dtype=torch.double)
    for part in torch.split(rows, _ROWS_AT_ONCE):
        total += part.double().square().sum(0)
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
    residuals = (torch.addmm(part, code, concepts, alpha=-1) for part, code in _chunks(rows, codes))
    lost = sum(float(residual.square().sum(dtype=torch.double)) for residual in residuals)
    return math.sqrt(lost / float(squares(rows).sum()))


def _chunks(first: Tensor, second: Tensor) -> Iterable[tuple[Tensor, Tensor]]:
    """The same rows of both, some at a time."""
    return zip(torch.split(first, _ROWS_AT_ONCE), torch.split(second, _ROWS_AT_ONCE), strict=True)
