"""How much of the activations codes and concepts give back, and how few codes it takes."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

_ROWS_AT_ONCE = 4096


def relative_l2(rows: Float[Tensor, "samples channels"], given_back: Float[Tensor, "samples channels"]) -> float:
    """Mean over rows of ‖a − â‖ / ‖a‖, from 0; rows that are zero do not count, and of none but such it is NaN.

    >>> relative_l2(torch.tensor([[3.0, 4.0], [0.0, 0.0]]), torch.tensor([[3.0, 0.0], [1.0, 0.0]]))
    0.8
    """
    parts = zip(torch.split(rows, _ROWS_AT_ONCE), torch.split(given_back, _ROWS_AT_ONCE), strict=True)
    return float(torch.cat([_shares_lost(*part) for part in parts]).mean())


def zeros(codes: Float[Tensor, "samples concepts"]) -> float:
    """Share of the codes that are exactly zero, in [0, 1]: **more is sparser**.

    Others report the share that is not zero.

    >>> zeros(torch.tensor([[0.0, 2.0], [0.0, 0.0]]))
    0.75
    """
    return float((codes == 0).mean(dtype=torch.double))


def _shares_lost(rows: Tensor, given_back: Tensor) -> Float[Tensor, " counted"]:
    """‖a − â‖ / ‖a‖ of every row that is not zero."""
    lengths, lost = (torch.linalg.vector_norm(part.double(), dim=1) for part in (rows, rows - given_back))
    shares: Tensor = (lost / lengths)[lengths > 0]
    return shares
