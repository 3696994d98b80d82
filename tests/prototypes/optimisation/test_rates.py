"""The rate that is searched is the one whose short run ends highest; one that is not finite is out."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from rivalry.prototypes.optimisation.rates import RATES, STEPS, searched_rates
from rivalry.prototypes.optimisation.state import WINDOW
from tests.prototypes.optimisation.small import BLUE, GREEN, RED, Cliff, MeanColour, climbing, made, pixels


class Peak(MeanColour):
    """Green must be exact, blue may be anything bright: they want other rates."""

    def forward(self, images: Tensor) -> Tensor:
        logits = super().forward(images)
        exact = -200 * (images[:, 1] - 0.52).square().mean((1, 2))
        return torch.stack((logits[:, 0], exact, logits[:, 2]), 1)


def running_mean(history: Tensor) -> float:
    mean = 0.0
    for step, value in enumerate(history.tolist(), 1):
        mean += (value - mean) / min(step, WINDOW)
    return mean


def test_the_rate_is_that_of_the_best_short_run() -> None:
    targets = [GREEN, BLUE]
    runs = [made(Peak(), targets, pixels(steps=STEPS, rate=rate)) for rate in RATES]
    wanted = [max(RATES, key=lambda rate: running_mean(runs[RATES.index(rate)].history[row])) for row in range(2)]
    assert wanted[0] < wanted[1]
    found = made(Peak(), targets, pixels(rate=None))
    assert found.rates.tolist() == pytest.approx(wanted)


def test_the_climb_is_that_of_the_rate_alone() -> None:
    searched = made(Peak(), [BLUE], pixels(rate=None))
    given = made(Peak(), [BLUE], pixels(rate=float(searched.rates[0])))
    assert torch.equal(searched.images, given.images)


def test_batches_do_not_matter() -> None:
    with climbing(Peak(), [GREEN, BLUE], pixels()) as (ascent, start):
        found = [
            searched_rates(ascent, start, at_once=at_once, candidates=(0.01, 0.1), steps=4) for at_once in (1, 3, 4)
        ]
    assert all(torch.equal(one, found[0]) for one in found)
    assert found[0][0] < found[0][1]


def test_a_rate_that_is_not_finite_is_out() -> None:
    found = made(Cliff(0.7), [RED, GREEN], pixels(rate=None))
    assert found.rates[0] < found.rates[1]
    assert found.restarts.tolist() == [0, 0]


def test_where_none_is_finite_the_target_is_named() -> None:
    with pytest.raises(RuntimeError, match=r"'class:red' was finite at none of the rates 0\.003, .*: give a lower one"):
        made(Cliff(0.4), [GREEN, RED], replace(pixels(), rate=None))
