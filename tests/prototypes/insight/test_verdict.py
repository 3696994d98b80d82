"""The rule by which a prototype is said to show the mark."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from rivalry.prototypes.insight.verdict import deviations, least_deviations, shows_mark


def test_deviations_are_from_all_other_classes() -> None:
    excess = torch.randn(7, generator=torch.Generator().manual_seed(0))
    for place, found in enumerate(deviations(excess).tolist()):
        others = np.delete(excess.double().numpy(), place)
        assert found == pytest.approx((float(excess[place]) - others.mean()) / others.std(ddof=1))


def test_three_classes_tell_too_little() -> None:
    assert deviations(torch.tensor([5.0, 1.0, 2.0])).isnan().all()


def test_others_that_are_all_the_same_tell_nothing() -> None:
    found = deviations(torch.tensor([5.0, 1.0, 1.0, 1.0, 1.0]))
    assert math.isnan(found[0])
    assert found[1].isfinite()


@pytest.mark.parametrize(
    ("above", "excess", "expected"),
    [
        ([2.3, 2.3, 0.0], [2.3, 0.0, 0.0], True),
        ([9.0, 2.1, 2.1], [9.0, 9.0, 9.0], False),  # one measure alone
        ([9.0, 9.0, 1.0], [2.1, -9.0, 9.0], False),  # no more than of the null mark, but where nothing stands out
        ([3.0, 3.0, math.nan], [3.0, 0.0, math.nan], True),
        ([3.0, math.nan, math.nan], [3.0, math.nan, math.nan], None),
    ],
)
def test_two_measures_stand_out_and_one_of_them_beyond_the_null_mark(
    above: list[float], excess: list[float], expected: bool | None
) -> None:
    assert shows_mark(above, excess, 15) is expected


def test_fewer_classes_want_more() -> None:
    assert shows_mark([3.0, 3.0], [3.0, 3.0], 15)
    assert not shows_mark([3.0, 3.0], [3.0, 3.0], 5)


@pytest.mark.parametrize("others", [3, 7, 20])
def test_one_more_class_like_the_others_speaks_once_in_forty_times(others: int) -> None:
    excess = torch.randn(20_000, others + 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rest = excess[:, 1:]
    far = (excess[:, 0] - rest.mean(1)) / rest.std(1)
    assert float((far >= least_deviations(others)).double().mean()) == pytest.approx(0.025, abs=0.004)
