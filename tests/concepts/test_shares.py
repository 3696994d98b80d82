"""What concepts add to the logit of a class, and what they leave unexplained."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from rivalry.concepts.answer import LinearAnswer
from rivalry.concepts.importance import IntegratedGradients
from rivalry.concepts.shares import contributions, shares_of
from rivalry.lwta.layer import LWTA
from tests.concepts.answers import Formula, as_formula, drawn, linear, unlinear


def test_shares_by_hand() -> None:
    answer = LinearAnswer(torch.tensor([3.0, -1.0]), 2.0)
    codes = torch.tensor([[[1.0, 1.0]], [[3.0, 0.0]]])  # contributions 6 and −0.5
    shares = shares_of(answer, codes, torch.tensor([9.0, 11.0]))
    assert shares.contributions == pytest.approx((6, -0.5))
    assert shares.logit == pytest.approx(10)
    assert shares.shares == pytest.approx((0.6, -0.05))
    assert shares.unexplained == pytest.approx(0.45)


def test_contributions_are_shapley_values() -> None:
    answer, codes = unlinear(4), drawn(2, 3, 4) * 2
    wanted = torch.zeros(2, 4)
    for concept in range(4):
        others = [other for other in range(4) if other != concept]
        for count in range(4):
            weight = math.factorial(count) * math.factorial(3 - count) / math.factorial(4)
            for chosen in itertools.combinations(others, count):
                mask = torch.zeros(4)
                mask[list(chosen)] = 1
                before = answer.formula(codes * mask)
                mask[concept] = 1
                wanted[:, concept] += weight * (answer.formula(codes * mask) - before)
    torch.testing.assert_close(contributions(answer, codes, orders=400), wanted, atol=0.01, rtol=0)
    assert float((wanted.amax(1) - wanted.amin(1)).min()) > 0.05


@pytest.mark.parametrize("orders", [1, 3])
def test_whatever_the_orders_they_sum_up_to_what_all_concepts_add(orders: int) -> None:
    answer, codes = unlinear(), drawn(6, 3, 5)
    whole, nothing = answer.formula(codes), answer.formula(torch.zeros_like(codes))
    torch.testing.assert_close(contributions(answer, codes, orders=orders).sum(1), whole - nothing)


def test_the_jumps_of_winners_are_explained_though_no_gradient_sees_them() -> None:
    compete, weights = LWTA(2).eval(), torch.tensor([1.0, 0.0, 4.0, -2.0])
    bias = torch.tensor([1.0, 0.0, 0.0, 1.0])

    def formula(codes: Tensor) -> Tensor:
        return compete(codes.mean(1) + bias) @ weights

    answer, codes = Formula(4, formula), 3 * torch.eye(4)[[1, 2]][:, None]  # another unit wins than without codes
    added = formula(codes) - formula(torch.zeros_like(codes))
    torch.testing.assert_close(contributions(answer, codes).sum(1), added)
    assert float((IntegratedGradients().of(answer, codes).sum(1) - added).abs().min()) > 0.9


def test_of_a_linear_answer_they_are_those_of_any_other() -> None:
    answer, codes = linear()
    logits = torch.full((4,), 2.0)
    known, other = shares_of(answer, codes, logits), shares_of(as_formula(answer), codes, logits)
    assert known.contributions == pytest.approx(other.contributions, rel=1e-4)
    assert known.unexplained == pytest.approx(other.unexplained, rel=1e-4)


@pytest.mark.parametrize("logit", [0.0, -3.0])
def test_of_a_logit_that_is_not_positive_there_are_no_shares(logit: float) -> None:
    answer, codes = linear()
    shares = shares_of(answer, codes, torch.full((4,), logit))
    assert shares.shares is None
    assert shares.unexplained is None
    assert len(shares.contributions) == 5


def test_codes_of_other_concepts_are_refused() -> None:
    with pytest.raises(ValueError, match="of 5 concepts, got 4"):
        shares_of(linear()[0], drawn(2, 1, 4), torch.ones(2))
