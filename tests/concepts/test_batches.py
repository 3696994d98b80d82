"""Batches as large as memory lets them be."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from rivalry.concepts.batches import batched

CPU = torch.device("cpu")


@pytest.mark.parametrize(("numbers", "sizes"), [(1, [10]), (3, [3, 3, 3, 1]), (10, [1] * 10), (1000, [1] * 10)])
def test_as_many_rows_as_the_budget_holds(numbers: int, sizes: list[int]) -> None:
    seen: list[int] = []

    def work(rows: Tensor) -> Tensor:
        seen.append(len(rows))
        return rows.float() * 2

    assert batched(work, 10, numbers, CPU, 10).tolist() == [2.0 * row for row in range(10)]
    assert seen == sizes


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_where_memory_ends_the_batch_is_halved(error: RuntimeError) -> None:
    seen: list[int] = []

    def work(rows: Tensor) -> Tensor:
        seen.append(len(rows))
        if len(rows) > 3:
            raise error
        return rows.float()

    assert batched(work, 10, 1, CPU).tolist() == list(range(10))
    assert seen == [10, 5, 2, 2, 2, 2, 2]


def test_one_row_that_does_not_fit_and_other_errors_are_errors() -> None:
    def too_large(rows: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    def wrong(rows: Tensor) -> Tensor:
        raise RuntimeError("shapes")

    with pytest.raises(torch.OutOfMemoryError):
        batched(too_large, 4, 1, CPU)
    with pytest.raises(RuntimeError, match="shapes"):
        batched(wrong, 4, 1, CPU)
