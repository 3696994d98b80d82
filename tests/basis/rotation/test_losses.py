"""The losses against their definitions, their identity, hand-worked numbers and extremes."""

import math

import pytest
import torch

from rivalry.basis.rotation.losses import losses

SCORES = torch.randn(40, 7, generator=torch.Generator().manual_seed(0), dtype=torch.double) * 3
MARGIN = torch.tensor(0.5, dtype=torch.double)


def test_losses_are_their_definitions() -> None:
    activations = torch.sigmoid(SCORES)
    shares = activations / activations.sum(1, keepdim=True)
    reached = (activations**1.5).mean(0)
    least = 4.2 / 7
    wanted = [
        float(-(shares * shares.log2()).sum(1).mean()),
        float(-(shares * activations.log2()).sum(1).mean()),
        2.0,
        sum(max(0.0, least - float(one)) / least for one in reached) / 7,
    ]
    assert wanted[3] > 0
    assert losses(SCORES, MARGIN, coverage=4.2, exponent=1.5).tolist() == pytest.approx(wanted, rel=1e-9)


def test_activation_is_sparsity_less_the_logarithm_of_the_sum() -> None:
    sparsity, activation, _, _ = losses(SCORES, MARGIN, coverage=0.9, exponent=1.1)
    assert float(activation) == pytest.approx(float(sparsity - torch.sigmoid(SCORES).sum(1).log2().mean()), rel=1e-9)


def test_one_direction_fully_on_at_each_pixel_costs_nothing() -> None:
    scores = torch.full((4, 2), -60.0)
    scores[[0, 1, 2, 3], [0, 1, 0, 1]] = 60.0
    found = losses(scores, torch.tensor(1.0), coverage=0.9, exponent=1.1)
    assert found.tolist() == pytest.approx([0.0, 0.0, 1.0, 0.0], abs=1e-6)


def test_a_direction_that_is_never_on_counts_in_full() -> None:
    scores = torch.tensor([[60.0, -60.0]])
    assert float(losses(scores, torch.tensor(1.0), coverage=1.0, exponent=1.0)[3]) == pytest.approx(0.5)


def test_scores_of_half_on_share_a_pixel_evenly() -> None:
    sparsity, activation, _, _ = losses(torch.zeros(1, 8), torch.tensor(1.0), coverage=0.9, exponent=1.0)
    assert (float(sparsity), float(activation)) == pytest.approx((3.0, 1.0))


def test_order_of_directions_does_not_matter() -> None:
    turned = losses(SCORES.flip(1), MARGIN, coverage=4.2, exponent=1.1)
    torch.testing.assert_close(turned, losses(SCORES, MARGIN, coverage=4.2, exponent=1.1))


@pytest.mark.parametrize("size", [1e3, 1e4])
def test_extreme_scores_give_finite_losses_and_gradients(size: float) -> None:
    scores = (SCORES.float().sign() * size).requires_grad_()
    found = losses(scores, torch.tensor(0.5), coverage=0.9, exponent=1.1)
    found.sum().backward()
    assert bool(found.isfinite().all())
    assert scores.grad is not None
    assert bool(scores.grad.isfinite().all())


def test_a_pixel_where_nothing_is_on_costs_how_far_off_it_is() -> None:
    activation = losses(torch.full((1, 4), -20.0), torch.tensor(1.0), coverage=0.9, exponent=1.1)[1]
    assert float(activation) == pytest.approx(20 / math.log(2), rel=1e-5)
