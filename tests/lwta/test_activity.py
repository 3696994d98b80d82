"""Who wins: counts by hand, and their summary."""

from __future__ import annotations

import math

import pytest
import torch

from rivalry.lwta.activity import WinCounts, count_wins, winner_entropy
from rivalry.lwta.competition import win_by_argmax


def test_wins_are_counted_by_unit() -> None:
    h = torch.tensor([[1.0, 3.0, -2.0, -1.0], [5.0, 3.0, -2.0, -1.0]])
    _, winners = win_by_argmax(h, 2, 1)
    assert count_wins(winners, 2, 1).tolist() == [1, 1, 0, 2]


def test_a_maps_wins_sum_to_positions_times_blocks() -> None:
    _, winners = win_by_argmax(torch.randn(5, 12, 3, 4), 4, 1)
    wins = count_wins(winners, 4, 1)
    assert wins.view(3, 4).sum(1).tolist() == [60, 60, 60]


def test_entropy_is_one_for_even_wins_and_zero_for_a_tyrant() -> None:
    assert winner_entropy(torch.tensor([5, 5, 5, 5]), 4) == pytest.approx(1.0)
    assert winner_entropy(torch.tensor([9, 0, 0, 0]), 4) == 0.0
    assert math.isnan(winner_entropy(torch.tensor([0, 0]), 2))


def test_the_summary_over_batches_is_that_of_all_at_once() -> None:
    h = torch.randn(10, 8, 3, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    whole, parts = WinCounts(8, 4, 1), WinCounts(8, 4, 1)
    y, winners = win_by_argmax(h, 4, 1)
    whole.update(winners, y)
    for rows in (slice(0, 3), slice(3, 10)):
        parts.update(winners[rows], y[rows])
    expected, summary = whole.compute(), parts.compute()
    assert torch.equal(expected.win_rate, summary.win_rate)
    assert summary.active_fraction == 0.25
    assert summary.positions == 90
    won = y[y != 0]
    assert summary.negative_share == pytest.approx(float((won < 0).double().mean()))


def test_dead_units_never_won() -> None:
    h = torch.tensor([[1.0, 0.0, 0.0, 2.0]]).expand(6, 4)
    y, winners = win_by_argmax(h, 2, 1)
    counts = WinCounts(4, 2, 1)
    counts.update(winners, y)
    assert counts.compute().dead.tolist() == [False, True, True, False]
    assert counts.compute().winner_entropy == 0.0
