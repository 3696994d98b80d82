"""How alike activations are, against SciPy, by hand and by what must not matter."""

from __future__ import annotations

import math

import pytest
import torch
from scipy import stats
from torch import Tensor

from rivalry.numerics.similarity import cosine, rank_correlation, ranks, relative_l1


def activations(rows: int, numbers: int, seed: int) -> Tensor:
    """Like those behind a ReLU: half of them 0, and some tied."""
    drawn = torch.randn(rows, numbers, generator=torch.Generator().manual_seed(seed))
    return (drawn * 8).round().clamp(min=0) / 8


def test_ranks_are_those_of_scipy() -> None:
    values = torch.cat([activations(5, 40, 0), torch.zeros(1, 40), torch.arange(40.0)[None]])
    assert torch.equal(ranks(values), torch.from_numpy(stats.rankdata(values.numpy(), axis=1)))


def test_rank_correlation_is_that_of_scipy() -> None:
    first, second = activations(4, 60, 0), activations(3, 60, 1)
    found = rank_correlation(first, second)
    for row in range(4):
        for other in range(3):
            expected = stats.spearmanr(first[row].numpy(), second[other].numpy()).statistic
            assert float(found[row, other]) == pytest.approx(expected, abs=1e-12)


def test_rank_correlation_sees_nothing_but_order() -> None:
    first, second = activations(4, 60, 0), activations(3, 60, 1)
    torch.testing.assert_close(rank_correlation(first.exp(), 3 * second + 7), rank_correlation(first, second))
    places = torch.randperm(60, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(rank_correlation(first[:, places], second[:, places]), rank_correlation(first, second))
    torch.testing.assert_close(rank_correlation(first, second).T, rank_correlation(second, first))


def test_what_never_varies_is_like_nothing() -> None:
    constant = torch.full((1, 5), 3.0)
    assert rank_correlation(constant, torch.arange(5.0)[None]).tolist() == [[0.0]]
    assert cosine(torch.zeros(1, 5), constant).tolist() == [[0.0]]


def test_cosine_and_distance_are_those_of_the_formulas() -> None:
    first, second = activations(4, 60, 0) + 0.1, activations(3, 60, 1) - 0.3
    for row in range(4):
        for other in range(3):
            a, b = first[row].double(), second[other].double()
            assert float(cosine(first, second)[row, other]) == pytest.approx(float(a @ b / (a.norm() * b.norm())))
            expected = float((a - b).abs().mean() / b.abs().mean())
            assert float(relative_l1(first, second)[row, other]) == pytest.approx(expected)


def test_distance_has_no_scale_and_is_not_known_from_zeros() -> None:
    first, second = activations(4, 60, 0), activations(3, 60, 1)
    torch.testing.assert_close(relative_l1(1e-4 * first, 1e-4 * second), relative_l1(first, second))
    assert math.isnan(float(relative_l1(first[:1], torch.zeros(1, 60))))
    assert float(relative_l1(torch.zeros(1, 60), second[:1])) == 1.0


def test_tiny_numbers_are_as_good_as_any() -> None:
    first, second = activations(4, 60, 0), activations(3, 60, 1)
    torch.testing.assert_close(cosine(1e-30 * first, 1e-30 * second), cosine(first, second), rtol=1e-5, atol=1e-6)
