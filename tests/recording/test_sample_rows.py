"""The reservoir is stated, ordered, and refuses to grow beyond its limit."""

import pytest
import torch

from rivalry.recording.sample_rows import SampleRows


def test_rows_come_in_order_of_their_samples_and_once() -> None:
    rows = SampleRows(columns=2, samples=3)
    rows.update(torch.tensor([[2.0, 2.0], [0.0, 0.0]]), torch.tensor([2, 0]))
    rows.update(torch.tensor([[1.0, 1.0], [2.0, 2.0]]), torch.tensor([1, 2]))
    kept = rows.compute()
    assert kept.index.tolist() == [0, 1, 2]
    assert kept.values.tolist() == [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]


def test_what_was_computed_is_not_kept_twice() -> None:
    rows = SampleRows(columns=2, samples=4)
    rows.update(torch.ones(2, 2), torch.tensor([3, 1]))
    kept = rows.compute()
    assert [part.data_ptr() for part in rows.rows] == [kept.values.data_ptr()]
    rows.update(torch.zeros(1, 2), torch.tensor([2]))
    assert rows.compute().values.tolist() == [[1.0, 1.0], [0.0, 0.0], [1.0, 1.0]]


def test_one_number_is_still_a_row() -> None:
    rows = SampleRows(columns=1, samples=1)
    rows.update(torch.tensor([[2.0]]), torch.tensor([0]))
    assert rows.compute().values.tolist() == [[2.0]]


def test_too_much_is_refused_by_naming_the_memory() -> None:
    with pytest.raises(ValueError, match=r"takes 3.7 GiB, and the limit is 2.0 GiB: .* at most 53687 samples"):
        SampleRows(columns=10_000, samples=100_000)


def test_small_numbers_are_kept_as_bytes() -> None:
    rows = SampleRows(columns=2, samples=2, limit=4, kind=torch.uint8)
    rows.update(torch.tensor([[True, False], [True, True]]), torch.tensor([1, 0]))
    kept = rows.compute().values
    assert (kept.dtype, kept.tolist()) == (torch.uint8, [[1, 1], [1, 0]])
    with pytest.raises(ValueError, match="at most 2 samples"):
        SampleRows(columns=2, samples=3, limit=4, kind=torch.uint8)
