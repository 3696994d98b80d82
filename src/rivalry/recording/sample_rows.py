"""One row a sample, kept for all samples: for the few methods that need every image at once.

This is a stated reservoir: it holds 4 bytes × samples × columns (fewer where another kind of numbers is kept), three
times that for the moment in which they are put in order, and refuses to grow beyond its limit.
"""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Int, Shaped
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat


@final
class Rows:
    """What was kept.

    No tuple: of those torchmetrics squeezes every tensor of one element.

    Args:
        index: Positions in the data set, ascending.
        values: One row each.
    """

    def __init__(self, index: Int[Tensor, " samples"], values: Shaped[Tensor, "samples columns"]) -> None:
        self.index = index
        self.values = values


class SampleRows(Metric):
    """Rows by sample, in the order of the samples' indices and without repeats, over batches and ranks.

    Args:
        columns: Numbers a row.
        samples: Rows that will come, over all ranks.
        limit: Bytes that all of them may take.
        kind: Of the numbers as they are kept.

    Raises:
        ValueError: If they would take more.

    >>> rows = SampleRows(columns=1, samples=2)
    >>> rows.update(torch.tensor([[0.5], [0.25]]), torch.tensor([1, 0]))
    >>> rows.compute().values
    tensor([[0.2500], [0.5000]])
    """

    full_state_update = False
    rows: list[Tensor]
    index: list[Tensor]

    def __init__(self, columns: int, samples: int, limit: int = 2**31, *, kind: torch.dtype = torch.float32) -> None:
        row = kind.itemsize * columns
        wanted = row * samples
        if wanted > limit:
            raise ValueError(
                f"to keep {columns} numbers for each of {samples} samples takes {wanted / 2**30:.1f} GiB, and the "
                f"limit is {limit / 2**30:.1f} GiB: tap fewer layers or show at most {limit // row} samples"
            )
        super().__init__(compute_with_cache=False)  # it would keep all rows twice
        self.kind = kind
        self.add_state("rows", [], dist_reduce_fx="cat")
        self.add_state("index", [], dist_reduce_fx="cat")

    def update(self, rows: Shaped[Tensor, "batch columns"], index: Int[Tensor, " batch"]) -> None:
        """Keep the rows of a batch."""
        self.rows.append(rows.to(self.kind))
        self.index.append(index)

    def compute(self) -> Rows:
        """All rows, by ascending index."""
        index, order = dim_zero_cat(self.index).sort(stable=True)
        first = torch.ones_like(index, dtype=torch.bool)
        first[1:] = index[1:] != index[:-1]
        kept = Rows(index[first], dim_zero_cat(self.rows)[order[first]])
        self.index, self.rows = [kept.index], [kept.values]  # in place of the batches, not beside them
        return kept
