"""The competition against its definition, the published implementation's values, and statistics."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor

from rivalry.lwta.competition import (
    compete,
    competition_noise,
    gumbel_from_uniform,
    gumbel_noise,
    kl_to_uniform,
    leaders,
    win_by_argmax,
    win_by_draw,
    win_in_expectation,
    win_mask,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "discover_lwta_20e020c.npz"


def plain_draw(h: Tensor, noise: Tensor, competitors: int, dim: int, temperature: float, sharpness: float) -> Tensor:
    """The formula as one would write it down, for autograd to differentiate."""
    blocked = h.unflatten(dim, (-1, competitors))
    axis = dim % h.ndim + 1
    relaxed = torch.softmax((sharpness * blocked + noise) / temperature, dim=axis)
    hard = torch.zeros_like(relaxed).scatter_(axis, relaxed.argmax(axis, keepdim=True), 1.0)
    return (blocked * (hard - relaxed.detach() + relaxed)).reshape(h.shape)


@pytest.mark.parametrize(("kind", "dim"), [("conv", 1), ("tokens", -1)])
def test_values_and_gradients_equal_the_published_ones(kind: str, dim: int) -> None:
    golden = np.load(GOLDEN)
    x = torch.from_numpy(golden[f"{kind}_x"]).requires_grad_()
    competitors = int(golden[f"{kind}_competitors"])
    noise = gumbel_from_uniform(torch.from_numpy(golden[f"{kind}_uniform"]))
    noise = noise.reshape(x.unflatten(dim, (-1, competitors)).shape)

    y, _ = win_by_draw(x, noise, competitors, dim, temperature=float(golden["temperature"]))
    y.backward(torch.from_numpy(golden[f"{kind}_grad_out"]))

    torch.testing.assert_close(y.detach(), torch.from_numpy(golden[f"{kind}_y"]), atol=1e-5, rtol=0)
    torch.testing.assert_close(x.grad, torch.from_numpy(golden[f"{kind}_grad_x"]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("shape_dim", [((3, 12, 2, 5), 1), ((2, 7, 12), -1), ((4, 12), 1)])
@pytest.mark.parametrize("competitors", [2, 3, 12])
def test_draw_equals_the_plain_formula(shape_dim: tuple[tuple[int, ...], int], competitors: int) -> None:
    shape, dim = shape_dim
    generator = torch.Generator().manual_seed(1)
    h = torch.randn(shape, generator=generator, dtype=torch.float64)
    noise = gumbel_noise(h.unflatten(dim, (-1, competitors)), generator=generator)
    pull = torch.randn(shape, generator=generator, dtype=torch.float64)
    ours, plain = h.clone().requires_grad_(), h.clone().requires_grad_()

    y, winners = win_by_draw(ours, noise, competitors, dim, temperature=0.7, sharpness=2.5)
    expected = plain_draw(plain, noise, competitors, dim, temperature=0.7, sharpness=2.5)
    y.backward(pull)
    expected.backward(pull)

    torch.testing.assert_close(y, expected)
    torch.testing.assert_close(ours.grad, plain.grad)
    assert torch.equal(win_mask(winners, competitors, dim), expected != 0)


def test_logistic_noise_of_a_pair_is_the_difference_of_two_gumbels() -> None:
    h = torch.randn(2, 6, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    gumbel = gumbel_noise(h.unflatten(1, (3, 2)), generator=torch.Generator().manual_seed(1))
    difference = (gumbel[:, :, 1] - gumbel[:, :, 0]).unsqueeze(2)
    first, second = h.clone().requires_grad_(), h.clone().requires_grad_()
    win_by_draw(first, gumbel, 2, 1, sharpness=3.0)[0].square().sum().backward()
    win_by_draw(second, difference, 2, 1, sharpness=3.0)[0].square().sum().backward()
    torch.testing.assert_close(first.grad, second.grad)


@pytest.mark.parametrize(("competitors", "sharpness"), [(2, 1.0), (2, 5.0), (5, 1.0), (5, 2.0)])
def test_winner_frequencies_are_softmax(competitors: int, sharpness: float) -> None:
    draws = 20_000
    h = torch.linspace(-0.6, 0.7, competitors, dtype=torch.float64)
    many = h.expand(draws, competitors)
    noise = competition_noise(many, competitors, 1, generator=torch.Generator().manual_seed(3))
    _, drawn = win_by_draw(many, noise, competitors, 1, sharpness=sharpness)
    direct = compete(many, sharpness=sharpness, generator=torch.Generator().manual_seed(4))
    expected = torch.softmax(sharpness * h, 0).numpy() * draws
    for winners in (drawn.flatten(), direct):
        counts = torch.bincount(winners, minlength=competitors).numpy()
        assert chisquare(counts, expected).pvalue > 1e-3


def test_temperature_shapes_the_gradient_and_never_the_draw() -> None:
    h = torch.randn(4, 8, 3, 3, generator=torch.Generator().manual_seed(0))
    noise = competition_noise(h, 4, 1, generator=torch.Generator().manual_seed(1))
    outputs, gradients = [], []
    for temperature in (1e-3, 0.5, 5.0):
        x = h.clone().requires_grad_()
        y, _ = win_by_draw(x, noise, 4, 1, temperature=temperature)
        y.square().sum().backward()
        outputs.append(y.detach())
        gradients.append(x.grad)
    assert torch.equal(outputs[0], outputs[1])
    assert torch.equal(outputs[1], outputs[2])
    assert not torch.allclose(gradients[1], gradients[2])
    torch.testing.assert_close(
        gradients[0], 2 * outputs[0], atol=1e-4, rtol=1e-4
    )  # T → 0: the mask's gradient vanishes


def test_the_same_seed_draws_the_same_winners() -> None:
    h = torch.zeros(64, 8, 4)
    first = compete(h, generator=torch.Generator().manual_seed(7))
    assert torch.equal(first, compete(h, generator=torch.Generator().manual_seed(7)))
    assert not torch.equal(first, compete(h, generator=torch.Generator().manual_seed(8)))


def test_permuting_blocks_permutes_the_output() -> None:
    h = torch.randn(2, 12, 3, 3, generator=torch.Generator().manual_seed(0))
    order = torch.tensor([2, 0, 3, 1])
    permuted = h.unflatten(1, (4, 3))[:, order].flatten(1, 2)
    y, _ = win_by_argmax(h, 3, 1)
    assert torch.equal(win_by_argmax(permuted, 3, 1)[0], y.unflatten(1, (4, 3))[:, order].flatten(1, 2))


def test_a_negative_winner_wins() -> None:
    y, winners = win_by_argmax(torch.tensor([[-3.0, -1.0, -2.0, -5.0]]), 2, 1)
    assert y.tolist() == [[0.0, -1.0, -2.0, 0.0]]
    assert winners.tolist() == [[1, 0]]


@pytest.mark.parametrize("dim", [1, -1])
def test_ties_have_one_winner_the_first(dim: int) -> None:
    mask = win_mask(win_by_argmax(torch.ones(2, 6, 3, 6), 3, dim)[1], 3, dim)
    assert mask.sum() == mask.numel() // 3
    assert torch.equal(leaders(torch.ones(2, 4, 3), dim=1), torch.zeros(2, 3, dtype=torch.long))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_exactly_one_of_a_block_is_active_in_every_precision(dtype: torch.dtype) -> None:
    h = (torch.randn(8, 24, 6, 6, generator=torch.Generator().manual_seed(0)) + 3).to(dtype)
    noise = competition_noise(h, 8, 1, generator=torch.Generator().manual_seed(1))
    for y in (win_by_argmax(h, 8, 1)[0], win_by_draw(h, noise, 8, 1)[0]):
        assert y.dtype == dtype
        assert torch.equal((y.unflatten(1, (3, 8)) != 0).sum(2), torch.ones(8, 3, 6, 6, dtype=torch.long))


def test_expectation_is_the_mean_of_many_draws() -> None:
    h = torch.tensor([[0.3, -0.8, 1.1, 0.2]], dtype=torch.float64)
    mean, _ = win_in_expectation(h, 4, 1, sharpness=1.5)
    many = h.expand(40_000, 4)
    noise = competition_noise(many, 4, 1, generator=torch.Generator().manual_seed(0))
    drawn = win_by_draw(many, noise, 4, 1, sharpness=1.5)[0].mean(0, keepdim=True)
    torch.testing.assert_close(drawn, mean, atol=0.02, rtol=0)  # standard error below 0.003 a unit


def test_kl_is_zero_for_equal_units_and_log_u_for_a_certain_winner() -> None:
    assert kl_to_uniform(torch.full((2, 8, 3, 3), 0.7), 4, 1).abs() < 1e-6
    certain = torch.tensor([[100.0, 0.0, 0.0, 0.0]])
    torch.testing.assert_close(kl_to_uniform(certain, 4, 1), torch.tensor(4.0).log())
    by_hand = torch.tensor([0.75, 0.25]).log().unsqueeze(0)
    assert float(kl_to_uniform(by_hand, 2, 1)) == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5), rel=1e-5)


def test_uneven_blocks_and_wrong_axes_and_nan_are_one_clear_error() -> None:
    with pytest.raises(ValueError, match=r"10 units along dim=1.*blocks of 4.*nearest number that fits is 5"):
        win_by_argmax(torch.zeros(1, 10), 4, 1)
    with pytest.raises(ValueError, match=r"dim=3.*shape \(2, 4\)"):
        win_by_argmax(torch.zeros(2, 4), 2, 3)
    with pytest.raises(ValueError, match=r"1 of 2 activations.*NaN or infinite"):
        compete(torch.tensor([[0.0, float("nan")]]))
