"""Means of every unit over the images, streamed in float64 and added over ranks."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics import Metric


class Means(Metric):
    """Mean of every column over all rows seen. Memory is 8 bytes a column.

    Args:
        units: Number of columns.

    >>> means = Means(units=2)
    >>> means.update(torch.tensor([[1.0, 0.0], [3.0, 1.0]]))
    >>> means.compute()
    tensor([2.0000, 0.5000], dtype=torch.float64)
    """

    full_state_update = False
    total: Tensor
    rows: Tensor

    def __init__(self, units: int) -> None:
        super().__init__()
        self.add_state("total", torch.zeros(units, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("rows", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, values: Float[Tensor, "batch units"]) -> None:
        """Add rows, perhaps none."""
        self.total += values.sum(0, dtype=torch.float64)
        self.rows += len(values)

    def compute(self) -> Float[Tensor, " units"]:
        """The means; NaN where there was no row."""
        return self.total / self.rows
