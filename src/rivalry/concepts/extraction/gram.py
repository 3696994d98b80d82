"""Products of a class's activations with themselves or its codes, and errors told by them without a reconstruction."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor


def relative_error(
    rows: Float[Tensor, "samples channels"],
    codes: Float[Tensor, "samples concepts"],
    concepts: Float[Tensor, "concepts channels"],
) -> float:
    """‖A − UV‖ / ‖A‖ (Frobenius), NaN of rows without energy.

    >>> relative_error(torch.tensor([[3.0, 4.0]]), torch.tensor([[3.0]]), torch.tensor([[1.0, 0.0]]))
    0.8
    """
    lost = (rows - codes @ concepts).square().sum(dtype=torch.double)
    return math.sqrt(float(lost / rows.square().sum(dtype=torch.double)))
