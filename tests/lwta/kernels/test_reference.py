"""The plain formulas of every rule: against autograd, in distribution, and the hard cases."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import chisquare, ks_2samp
from torch import Tensor

from rivalry.lwta.competition import win_by_argmax, win_in_expectation, win_mask
from rivalry.lwta.kernels import reference
from rivalry.lwta.kernels.noise import OF_UNITS, uniform, unit_counters
from rivalry.lwta.kernels.reference import Contest, Rule

SAMPLED: tuple[Rule, ...] = ("gumbel_softmax", "softmax", "conditional")
SEED = torch.tensor(11)


def contest(
    competitors: int, dim: int, rule: Rule, *, sharpness: float = 1.0, temperature: float = 1.0, seed: Tensor = SEED
) -> Contest:
    return Contest(seed, torch.tensor(sharpness), torch.tensor(temperature), competitors, dim, rule)


@pytest.mark.parametrize("shape_dim", [((3, 12, 2, 5), 1), ((2, 7, 12), -1), ((4, 12), 1)])
@pytest.mark.parametrize("competitors", [2, 3, 12])
def test_the_gradient_is_that_of_the_published_formula(
    shape_dim: tuple[tuple[int, ...], int], competitors: int
) -> None:
    shape, dim = shape_dim
    generator = torch.Generator().manual_seed(1)
    h = torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
    pull = torch.randn(shape, generator=generator, dtype=torch.float64)
    how = contest(competitors, dim, "gumbel_softmax", sharpness=2.5, temperature=0.7)
    y, winners = reference.forward(h, how, wants_winners=True)

    # The formula as one would write it down, with the numbers that the reference drew, for autograd to differentiate.
    axis, blocked = dim % h.ndim + 1, h.unflatten(dim, (-1, competitors))
    if competitors == 2:
        u = uniform(unit_counters(winners.shape, dim, h.device), SEED, 1).double().unsqueeze(axis)
        noise = torch.cat([torch.zeros_like(u), u.log() - (1 - u).log()], axis)
    else:
        u = uniform(unit_counters(h.shape, dim, h.device), SEED, OF_UNITS).double().unflatten(dim, (-1, competitors))
        noise = -torch.log(-torch.log(u + 1e-5) + 1e-5)
    relaxed = torch.softmax((2.5 * blocked + noise) / 0.7, dim=axis)
    hard = torch.zeros_like(relaxed).scatter_(axis, relaxed.argmax(axis, keepdim=True), 1.0)
    plain = (blocked * (hard - relaxed.detach() + relaxed)).reshape(h.shape)
    plain.backward(pull)

    torch.testing.assert_close(y, plain, atol=1e-5, rtol=1e-5)
    found = reference.backward(pull, h.detach(), how)
    torch.testing.assert_close(found, h.grad, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("rule", SAMPLED)
@pytest.mark.parametrize(("competitors", "sharpness"), [(2, 1.0), (2, 5.0), (5, 1.0), (5, 2.0)])
def test_winner_frequencies_are_softmax(rule: Rule, competitors: int, sharpness: float) -> None:
    draws = 20_000
    h = torch.linspace(-0.6, 0.7, competitors)
    how = contest(competitors, 1, rule, sharpness=sharpness)
    _, winners = reference.forward(h.expand(draws, competitors), how, wants_winners=True)
    expected = torch.softmax(sharpness * h.double(), 0).numpy() * draws
    assert chisquare(torch.bincount(winners.flatten(), minlength=competitors).numpy(), expected).pvalue > 1e-3


@pytest.mark.parametrize("rule", SAMPLED)
def test_the_mean_of_many_draws_is_the_expectation(rule: Rule) -> None:
    h = torch.tensor([[0.3, -0.8, 1.1, 0.2]])
    mean, _ = win_in_expectation(h, 4, 1, sharpness=1.5)
    many = h.expand(40_000, 4)
    drawn, _ = reference.forward(many, contest(4, 1, rule, sharpness=1.5), wants_winners=False)
    torch.testing.assert_close(drawn.mean(0, keepdim=True), mean, atol=0.02, rtol=0)  # standard error below 0.003


@pytest.mark.parametrize("competitors", [2, 4])
def test_conditional_gradients_are_distributed_as_the_published_ones(competitors: int) -> None:
    h = torch.linspace(-0.5, 1.0, competitors).expand(4000, competitors)
    pull = torch.linspace(1.0, -2.0, competitors).expand_as(h)
    published, conditional = (
        reference.backward(pull, h, contest(competitors, 1, rule, sharpness=1.3, temperature=0.9, seed=seed))
        for rule, seed in (("gumbel_softmax", SEED), ("conditional", SEED + 1))
    )
    for unit in range(competitors):
        assert ks_2samp(published[:, unit].numpy(), conditional[:, unit].numpy()).pvalue > 1e-3


@pytest.mark.parametrize("rule", ["gumbel_softmax", "conditional"])
def test_temperature_shapes_the_gradient_and_never_the_draw(rule: Rule) -> None:
    h = torch.randn(4, 8, 3, 3, generator=torch.Generator().manual_seed(0))
    outputs, gradients = [], []
    for temperature in (1e-6, 0.5, 5.0):
        how = contest(4, 1, rule, temperature=temperature)
        y, _ = reference.forward(h, how, wants_winners=False)
        outputs.append(y)
        gradients.append(reference.backward(2 * y, h, how))
    assert torch.equal(outputs[0], outputs[1])
    assert torch.equal(outputs[1], outputs[2])
    assert not torch.allclose(gradients[1], gradients[2])
    torch.testing.assert_close(gradients[0], 2 * outputs[0], atol=1e-4, rtol=1e-4)  # T → 0: the draw's part vanishes


def test_argmax_is_argmax_and_its_gradient_passes_through_the_winner() -> None:
    h, pull = torch.randn(2, 12, 3, 3), torch.randn(2, 12, 3, 3)
    y, winners = reference.forward(h, contest(3, 1, "argmax"), wants_winners=True)
    expected, expected_winners = win_by_argmax(h, 3, 1)
    assert torch.equal(y, expected)
    assert torch.equal(winners, expected_winners)
    found = reference.backward(pull, h, contest(3, 1, "argmax"))
    assert torch.equal(found, pull * win_mask(winners, 3, 1))


@pytest.mark.parametrize("rule", SAMPLED)
@pytest.mark.parametrize("spread", [1e3, 1e30])
def test_far_apart_activations_give_finite_gradients(rule: Rule, spread: float) -> None:
    h = torch.tensor([[0.0, spread, -spread, 1.0]])
    y, winners = reference.forward(h, contest(4, 1, rule), wants_winners=True)
    assert winners.tolist() == [[1]]
    found = reference.backward(torch.ones_like(h), h, contest(4, 1, rule))
    assert bool(found.isfinite().all())
    torch.testing.assert_close(found, (y != 0).float())
