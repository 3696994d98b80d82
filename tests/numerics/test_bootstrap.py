"""The intervals hold what they promise, equal SciPy's, and are the same whatever the memory at hand."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
import scipy.stats
import torch
from torch import Tensor

from rivalry.numerics import bootstrap as module
from rivalry.numerics.bootstrap import Statistic, bootstrap, bootstrap_means


def mean_of(values: Tensor) -> Statistic:
    return lambda weights: {"mean": (weights @ values) / weights.sum(1)}


def test_equals_scipys_percentile_bootstrap() -> None:
    values = torch.from_numpy(np.random.default_rng(0).gamma(2.0, size=40))
    ours = bootstrap(mean_of(values), 40, resamples=20_000)["mean"]
    theirs = scipy.stats.bootstrap(
        (values.numpy(),), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert ours.value == pytest.approx(float(values.mean()))
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.012)


def test_a_pair_is_drawn_together() -> None:
    """The difference of two numbers that move alike is certain, however much either moves."""
    first = torch.randn(50, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    second = first + 0.25

    def gap(weights: Tensor) -> Mapping[str, Tensor]:
        return {"gap": (weights @ second - weights @ first) / weights.sum(1), "first": weights @ first}

    found = bootstrap(gap, 50)
    assert (found["gap"].low, found["gap"].high) == pytest.approx((0.25, 0.25))
    assert found["first"].high - found["first"].low > 10


def test_covers_the_truth_as_often_as_it_says() -> None:
    """Of 300 experiments with a fair coin 95 % must hold ½, within three standard errors (and the level counts)."""
    generator = torch.Generator().manual_seed(0)
    throws = torch.randint(0, 2, (300, 100), generator=generator).double()
    for level, bounds in ((0.95, (0.905, 0.985)), (0.5, (0.40, 0.62))):
        held = 0
        for seed, values in enumerate(throws):
            one = bootstrap(mean_of(values), 100, resamples=200, level=level, seed=seed)["mean"]
            held += one.low <= 0.5 <= one.high
        assert bounds[0] < held / 300 < bounds[1]


def test_many_small_groups_give_what_one_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    values = torch.arange(30.0, dtype=torch.float64)
    whole = bootstrap(mean_of(values), 30, resamples=100)
    sizes = []

    def watched(weights: Tensor) -> Mapping[str, Tensor]:
        sizes.append(len(weights))
        return mean_of(values)(weights)

    monkeypatch.setattr(module, "_WEIGHTS_AT_ONCE", 7 * 30)
    assert bootstrap(watched, 30, resamples=100) == whole
    assert max(sizes) == 7
    assert sum(sizes) == 101


def test_resamples_that_leave_it_undefined_are_left_out() -> None:
    """One picture of three is of the class: whenever it is drawn its accuracy is 1, and otherwise there is none."""
    of_class, correct = torch.tensor([1.0, 0.0, 0.0]).double(), torch.tensor([1.0, 0.0, 0.0]).double()
    found = bootstrap(lambda weights: {"accuracy": (weights @ correct) / (weights @ of_class)}, 3)
    assert found["accuracy"] == (1.0, 1.0, 1.0)
    never = bootstrap(lambda weights: {"accuracy": (weights @ correct) * math.nan}, 3)["accuracy"]
    assert all(math.isnan(one) for one in never)


def test_of_no_sample_nothing_is_known() -> None:
    found = bootstrap(lambda weights: {"mean": weights.sum(1) / weights.sum(1)}, 0)["mean"]
    assert all(math.isnan(one) for one in found)


@pytest.mark.parametrize(("resamples", "level"), [(1, 0.95), (100, 0.0), (100, 1.0)])
def test_bounds(resamples: int, level: float) -> None:
    with pytest.raises(ValueError, match=r"2 resamples or more and a level in \(0, 1\)"):
        bootstrap(mean_of(torch.ones(3).double()), 3, resamples=resamples, level=level)


def test_means_are_over_what_is_known_and_paired() -> None:
    first = torch.randn(60, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    holed = first.clone()
    holed[::3] = math.nan
    found = bootstrap_means({"first": first, "more": first + 1, "holed": holed, "none": first * math.nan}, seed=3)
    assert found["more"] == pytest.approx([one + 1 for one in found["first"]])
    assert found["holed"].value == pytest.approx(float(holed.nanmean()))
    assert found["holed"].low < float(holed.nanmean()) < found["holed"].high
    assert all(math.isnan(one) for one in found["none"])
