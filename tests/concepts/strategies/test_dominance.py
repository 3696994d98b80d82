"""Which concept decides a picture: hand-worked cases, and the two readings of prevalence and reliability."""

import numpy as np
import torch

from rivalry.concepts.strategies import (
    dominant_concept,
    linear_prevalence,
    linear_reliability,
    prevalence,
    reliability,
)

IMPORTANCE = torch.tensor([[3.0, 1.0, 0.0], [2.0, 5.0, 0.0], [4.0, -9.0, 0.0], [-2.0, -1.0, -3.0]])
CORRECT = torch.tensor([True, False, False, True])


def test_the_largest_importance_decides_also_where_all_are_negative() -> None:
    assert dominant_concept(IMPORTANCE).tolist() == [0, 1, 0, 1]
    assert dominant_concept(torch.zeros(2, 3)).tolist() == [0, 0]


def test_prevalence_and_reliability_of_a_case_worked_by_hand() -> None:
    assert prevalence(IMPORTANCE).tolist() == [0.5, 0.5, 0.0]
    assert reliability(IMPORTANCE, CORRECT)[:2].tolist() == [0.5, 0.5]
    assert reliability(IMPORTANCE, torch.tensor([True, False, True, False]))[:2].tolist() == [1.0, 0.0]
    assert bool(reliability(IMPORTANCE, CORRECT)[2].isnan())


def test_reliabilities_weighed_by_prevalence_are_the_accuracy() -> None:
    draws = torch.Generator().manual_seed(0)
    importance, correct = torch.randn(500, 7, generator=draws), torch.rand(500, generator=draws) < 0.7
    mean = (prevalence(importance) * reliability(importance, correct)).nansum()
    torch.testing.assert_close(mean, correct.float().mean())
    assert float(prevalence(importance).sum()) == 1.0


def test_concepts_that_change_places_take_their_numbers_with_them() -> None:
    draws = torch.Generator().manual_seed(1)
    importance, correct = torch.randn(80, 5, generator=draws), torch.rand(80, generator=draws) < 0.5
    order = torch.randperm(5, generator=draws)
    assert torch.equal(prevalence(importance[:, order]), prevalence(importance)[order])
    assert torch.equal(reliability(importance[:, order], correct), reliability(importance, correct)[order])


def test_mean_importance_of_a_linear_head_is_linear_reliability_times_linear_prevalence() -> None:
    draws = np.random.default_rng(2)
    codes, concepts = draws.random((30, 4, 3)), draws.standard_normal((3, 6))
    weights, bias = draws.standard_normal(6), 0.7
    logits = (codes @ concepts).mean(1) @ weights + bias
    product = linear_prevalence(torch.from_numpy(codes)) * linear_reliability(
        torch.from_numpy(concepts), torch.from_numpy(weights)
    )
    np.testing.assert_allclose(float(product.sum()) + bias, logits.mean())
    silent = codes.copy()
    silent[:, :, 1] = 0  # what the logit loses without a concept is that concept's mean importance
    lost = logits.mean() - ((silent @ concepts).mean(1) @ weights + bias).mean()
    np.testing.assert_allclose(float(product[1]), lost)
