"""The competition against its definition, the published implementation's values, and statistics."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from rivalry.lwta.competition import (
    compete,
    gumbel_from_uniform,
    kl_to_uniform,
    leaders,
    silence_losers,
    straight_through,
    win_by_argmax,
    win_mask,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "discover_lwta_20e020c.npz"


@pytest.mark.parametrize(("kind", "dim"), [("conv", 1), ("tokens", -1)])
def test_values_and_gradients_equal_the_published_ones(kind: str, dim: int) -> None:
    golden = {name: torch.from_numpy(np.atleast_1d(value)) for name, value in np.load(GOLDEN).items()}
    x, competitors = golden[f"{kind}_x"], int(golden[f"{kind}_competitors"])
    noise = gumbel_from_uniform(golden[f"{kind}_uniform"])
    blocked = x.unflatten(dim, (-1, competitors))
    logits = blocked + noise.reshape(blocked.shape)

    winners = leaders(logits, dim=dim % x.ndim + 1)
    y = silence_losers(x, winners, competitors, dim)
    gradient = straight_through(
        golden[f"{kind}_grad_out"], x, winners, logits, competitors, dim, temperature=float(golden["temperature"])
    )

    torch.testing.assert_close(y, golden[f"{kind}_y"], atol=1e-5, rtol=0)
    torch.testing.assert_close(gradient, golden[f"{kind}_grad_x"], atol=1e-5, rtol=0)


@pytest.mark.parametrize("sharpness", [1.0, 2.0])
def test_winner_frequencies_are_softmax(sharpness: float) -> None:
    h, draws = torch.linspace(-0.6, 0.7, 5, dtype=torch.float64), 20_000
    winners = compete(h.expand(draws, 5), sharpness=sharpness, generator=torch.Generator().manual_seed(4))
    expected = torch.softmax(sharpness * h, 0).numpy() * draws
    assert chisquare(torch.bincount(winners, minlength=5).numpy(), expected).pvalue > 1e-3


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
    y, _ = win_by_argmax(h, 8, 1)
    assert y.dtype == dtype
    assert torch.equal((y.unflatten(1, (3, 8)) != 0).sum(2), torch.ones(8, 3, 6, 6, dtype=torch.long))


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
