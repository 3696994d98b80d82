"""What concepts add to the logit of a class, and what they leave unexplained."""

from __future__ import annotations

import pytest
import torch

from rivalry.concepts.answer import LinearAnswer
from rivalry.concepts.shares import shares_of
from tests.concepts.answers import as_formula, drawn, linear, unlinear


def test_shares_by_hand() -> None:
    answer = LinearAnswer(torch.tensor([3.0, -1.0]), 2.0)
    codes = torch.tensor([[[1.0, 1.0]], [[3.0, 0.0]]])  # contributions 6 and −0.5
    shares = shares_of(answer, codes, torch.tensor([9.0, 11.0]))
    assert shares.contributions == pytest.approx((6, -0.5))
    assert shares.logit == pytest.approx(10)
    assert shares.shares == pytest.approx((0.6, -0.05))
    assert shares.unexplained == pytest.approx(0.45)


def test_contributions_sum_up_to_what_all_concepts_add() -> None:
    answer, codes = unlinear(), drawn(6, 3, 5)
    whole, nothing = answer.formula(codes), answer.formula(torch.zeros_like(codes))
    shares = shares_of(answer, codes, whole + 100)
    assert sum(shares.contributions) == pytest.approx(float((whole - nothing).mean()), rel=1e-4)


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
