"""Concepts that come one after another."""

from __future__ import annotations

import torch

from rivalry.concepts.answer import LinearAnswer
from rivalry.concepts.orders import descending_order, logits_in_order, random_order
from tests.concepts.answers import drawn, unlinear


def test_logits_from_none_to_all_by_hand() -> None:
    answer = LinearAnswer(torch.tensor([1.0, 10.0, 100.0]), 0.5)
    order = torch.tensor([[2, 0, 1], [0, 1, 2]])
    logits = logits_in_order(answer, torch.ones(2, 4, 3), order)
    assert logits.tolist() == [[0.5, 100.5, 101.5, 111.5], [0.5, 1.5, 11.5, 111.5]]


def test_every_order_ends_alike() -> None:
    answer, codes = unlinear(), drawn(6, 2, 5)
    orders = [random_order(codes, torch.Generator().manual_seed(seed)) for seed in (1, 2)]
    first, second = (logits_in_order(answer, codes, order) for order in orders)
    torch.testing.assert_close(first[:, [0, -1]], second[:, [0, -1]])
    assert not torch.allclose(first[:, 2], second[:, 2])


def test_orders_hold_every_concept_once_and_pictures_have_their_own() -> None:
    order = random_order(torch.zeros(50, 1, 6), torch.Generator().manual_seed(0))
    assert torch.equal(order.sort(1).values, torch.arange(6).expand(50, 6))
    assert len(order.unique(dim=0)) > 40


def test_the_largest_come_first_and_equal_ones_by_chance() -> None:
    importance = torch.tensor([-1.0, 2.0, -1.0, 5.0, -1.0]).repeat(600, 1)
    order = descending_order(importance, torch.Generator().manual_seed(0))
    assert torch.equal(order[:, :2], torch.tensor([3, 1]).expand(600, 2))
    assert torch.equal(order.sort(1).values, torch.arange(5).expand(600, 5))
    _, counts = order[:, 2:].unique(dim=0, return_counts=True)
    assert len(counts) == 6
    assert bool(((counts - 100).abs() < 5 * (600 * 5 / 36) ** 0.5).all())
    assert torch.equal(descending_order(importance, torch.Generator().manual_seed(0)), order)
    assert not torch.equal(descending_order(importance, torch.Generator().manual_seed(1)), order)
