"""The normalised curve, by hand and against its formula written as loops."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from rivalry.prototypes.naturalness.curve import Similarities, normalise


def drawn(own: int = 6, others: int = 5, prototypes: int = 2, seed: int = 0) -> Similarities:
    """A class whose pictures are alike (about 0.6) and unlike others (about 0.2); prototypes lie between."""
    generator = torch.Generator().manual_seed(seed)

    def about(mean: float, *shape: int) -> Tensor:
        return mean + 0.05 * torch.randn(*shape, dtype=torch.float64, generator=generator)

    same = about(0.6, own, own)
    same = ((same + same.T) / 2).fill_diagonal_(1.0)
    return Similarities(about(0.4, own, prototypes), same, about(0.2, own, others))


def by_loops(found: Similarities, own: list[int], others: list[int]) -> float:
    """The formula for the first prototype, of pictures that were drawn; of two that are one picture no pair is made."""
    to_prototype = [float(found.prototypes[first, 0]) for first in own]
    same = [float(found.same[first, second]) for first in own for second in own if first != second]
    other = [float(found.other[first, second]) for first in own for second in others]
    vis, nat, base = (sum(pairs) / len(pairs) for pairs in (to_prototype, same, other))
    return (vis - base) / (nat - base)


def test_the_curve_is_the_formula() -> None:
    found = drawn()
    curve = normalise(found, resamples=50, seed=0)
    assert curve.normalised[0].value == pytest.approx(by_loops(found, list(range(6)), list(range(5))))
    assert curve.known


def test_the_interval_is_that_of_pictures_drawn_anew() -> None:
    found, points = drawn(), []
    generator = torch.Generator().manual_seed(7)
    for _ in range(2000):
        places = torch.randint(11, (11,), generator=generator).tolist()
        own, others = [place for place in places if place < 6], [place - 6 for place in places if place >= 6]
        if len(set(own)) > 1 and others:
            points.append(by_loops(found, own, others))
    low, high = torch.tensor(points).quantile(torch.tensor([0.025, 0.975])).tolist()
    _, found_low, found_high = normalise(found, resamples=2000, seed=0).normalised[0]
    assert (found_low, found_high) == pytest.approx((low, high), abs=0.02)


def test_a_picture_of_the_class_scores_one_and_one_of_another_class_nought() -> None:
    found = drawn(own=40, others=40)
    apart = Similarities(found.same[1:, :1], found.same[1:, 1:], found.other[1:, 1:])
    assert normalise(apart, resamples=2, seed=0).normalised[0].value == pytest.approx(1, abs=0.1)
    apart = Similarities(found.other[:, :1], found.same, found.other[:, 1:])
    assert normalise(apart, resamples=2, seed=0).normalised[0].value == pytest.approx(0, abs=0.1)


def test_where_classes_are_not_told_apart_there_is_no_scale() -> None:
    found = drawn()
    alike = Similarities(found.prototypes, found.same, found.same[:, :5])
    assert not normalise(alike, resamples=200, seed=0).known
    assert not normalise(Similarities(found.prototypes, found.same, found.other[:, :0]), resamples=9, seed=0).known
    single = Similarities(found.prototypes[:1], found.same[:1, :1], found.other[:1])
    curve = normalise(single, resamples=9, seed=0)
    assert not curve.known
    assert math.isnan(curve.normalised[0].value)


def test_means_leave_out_a_picture_with_itself_and_what_is_not_known() -> None:
    found = Similarities(
        torch.tensor([[0.2], [torch.nan], [0.4]]),
        torch.tensor([[9.0, 0.1, 0.3], [0.1, 9.0, torch.nan], [0.3, 0.2, 9.0]]),
        torch.tensor([[1.0], [2.0], [torch.nan]]),
    )
    to_prototypes, same, other = found.means()
    assert to_prototypes.tolist() == pytest.approx([0.3])
    assert same == pytest.approx(0.2)
    assert other == pytest.approx(1.5)
