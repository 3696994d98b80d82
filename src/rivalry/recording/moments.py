"""Means and extremes of every unit over the images, streamed and merged over ranks."""

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


class Extremes(Metric):
    """Lowest and highest value of every column over all rows seen. Memory is 8 bytes a column.

    Args:
        units: Number of columns.

    >>> extremes = Extremes(units=2)
    >>> extremes.update(torch.tensor([[1.0, 0.0], [3.0, 1.0]]))
    >>> extremes.compute()
    tensor([[1., 0.],
            [3., 1.]])
    """

    full_state_update = False
    lowest: Tensor
    highest: Tensor

    def __init__(self, units: int) -> None:
        super().__init__()
        self.add_state("lowest", torch.full((units,), torch.inf), dist_reduce_fx="min")
        self.add_state("highest", torch.full((units,), -torch.inf), dist_reduce_fx="max")

    def update(self, values: Float[Tensor, "batch units"]) -> None:
        """Add rows, perhaps none."""
        if len(values):
            self.lowest = torch.minimum(self.lowest, values.amin(0).float())
            self.highest = torch.maximum(self.highest, values.amax(0).float())

    def compute(self) -> Float[Tensor, "2 units"]:
        """The lowest, then the highest; ∞ and −∞ where there was no row."""
        return torch.stack([self.lowest, self.highest])
