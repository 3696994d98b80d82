"""Draws by counter: whose they are, and how they are distributed."""

import math

import pytest
import torch

from rivalry.data.augmentation import draw_evenly
from rivalry.prototypes.views import Chance
from rivalry.prototypes.views.counter import drawn


def chance(*images: int, seed: int = 0, step: int = 1) -> Chance:
    return Chance(seed, torch.tensor(images), step)


def test_an_image_draws_the_same_in_any_batch() -> None:
    together = chance(4, 9, 2)
    for place, image in enumerate((4, 9, 2)):
        assert torch.equal(together.evenly(7)[place], chance(image).evenly(7)[0])
        assert torch.equal(together.normally((2, 3))[place], chance(image).normally((2, 3))[0])


def test_image_step_seed_and_use_each_change_the_draws() -> None:
    first = chance(4)
    others = (chance(5), chance(4, step=2), chance(4, seed=1), first.apart(0), first.apart(1), first.apart(0).apart(0))
    rows = [one.evenly(20) for one in (first, *others)]
    assert len({tuple(row.flatten().tolist()) for row in rows}) == len(rows)
    correlations = torch.corrcoef(torch.cat([one.evenly(4000) for one in (first, *others)]))
    assert float((correlations - torch.eye(len(rows))).abs().max()) < 0.06  # 3.8 deviations of 1 / √4000


def test_draws_are_there_again_and_leave_other_randomness_alone() -> None:
    before = torch.get_rng_state()
    assert torch.equal(chance(1).normally((5,)), chance(1).normally((5,)))
    assert torch.equal(torch.get_rng_state(), before)


def test_even_and_normal_draws_are() -> None:
    from scipy.stats import kstest

    images = torch.arange(40)
    even = Chance(3, images, 0).evenly(500).flatten()
    normal = Chance(3, images, 0).normally((20, 25)).flatten()
    assert kstest(even.numpy(), "uniform").pvalue > 0.01
    assert kstest(normal.numpy(), "norm").pvalue > 0.01


def test_the_ends_of_the_even_draws_are_finite_normal_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = torch.tensor([[0.0, 1 - 2**-24, 0.5]])
    monkeypatch.setattr(Chance, "evenly", lambda self, columns: ends)
    low, high, middle = chance(1).normally((3,))[0].tolist()
    assert low == pytest.approx(-high)
    assert 5 < high < 5.5
    assert abs(middle) < 1e-6


@pytest.mark.parametrize("seed", [0, 7, 2**62 + 5])
def test_draws_on_a_device_are_those_of_the_project(seed: int) -> None:
    images = torch.tensor([0, 5, 2**40])
    for step in (0, 3):
        assert torch.equal(drawn(seed, step, images, 99), draw_evenly(seed, step, images, 99))


def test_uses_have_seeds_that_can_be_drawn_by() -> None:
    for use in range(50):
        assert 0 <= chance(1).apart(use).seed < 2**63
        assert not math.isnan(float(chance(1).apart(use).evenly(1)))


@pytest.mark.gpu
def test_a_gpu_draws_the_same() -> None:
    images = torch.arange(5)
    there = Chance(3, images.cuda(), 2)
    assert torch.equal(there.evenly(100).cpu(), Chance(3, images, 2).evenly(100))
    torch.testing.assert_close(there.normally((10,)).cpu(), Chance(3, images, 2).normally((10,)), atol=1e-5, rtol=0)
