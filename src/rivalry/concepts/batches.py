"""Batches as large as memory lets them be, without asking the user for a size.

What one row takes is measured (see :attr:`rivalry.recording.rest.Rest.numbers`); a budget says how much all rows of a
batch may take; and where memory ends before, the batch is halved and tried again.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.recording.memory import is_out_of_memory

BUDGETS = {"cpu": 2**23}
"""Numbers that a batch may take, by type of device. On a CPU some 32 MB: with less, large networks read their weights
too often; with more, small ones leave the cache."""

BUDGET = 2**28
"""Numbers that a batch may take on other devices: 1 GB."""

Work = Callable[[Int[Tensor, " rows"]], Float[Tensor, "rows ..."]]
"""From positions of rows to a result for each."""


def batched(work: Work, rows: int, numbers: int, device: torch.device, budget: int | None = None) -> Tensor:
    """Do some work on all rows, in batches.

    Args:
        work: Done on some rows at a time.
        rows: How many there are, one at least.
        numbers: What one takes.
        device: Where positions lie.
        budget: Numbers that a batch may take; by device where it is not given.

    Returns:
        The results one after another, (rows, …).

    Raises:
        RuntimeError: Where memory does not suffice for a single row.
    """
    budget = BUDGETS.get(device.type, BUDGET) if budget is None else budget
    size, done, parts = max(1, budget // max(1, numbers)), 0, []
    while done < rows:
        try:
            parts.append(work(torch.arange(done, min(done + size, rows), device=device)))
        except RuntimeError as error:
            if size == 1 or not is_out_of_memory(error):
                raise
            size = min(size, rows - done) // 2 or 1
            continue
        done += size
    return torch.cat(parts)
