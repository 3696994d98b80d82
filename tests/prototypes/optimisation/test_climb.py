"""Images without gain leave the batch, one that is not finite begins again once; none of it touches the others."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from rivalry.prototypes.optimisation import Optimised
from tests.prototypes.optimisation.small import BLUE, GREEN, RED, Cliff, Flat, MeanColour, apart, made, pixels


def same(one: Optimised, other: Optimised, row: int, of: int) -> bool:
    pairs = [(getattr(one, part.name)[row], getattr(other, part.name)[of]) for part in fields(Optimised)]
    return all(torch.allclose(a, b, rtol=0, atol=0, equal_nan=True) for a, b in pairs)


def test_a_class_of_a_colour_becomes_that_colour() -> None:
    found = made(MeanColour(), [GREEN, RED], pixels(steps=60))
    assert bool((found.values > 0.9).all())
    assert found.images.mean((2, 3)).argmax(1).tolist() == [1, 0]
    assert found.steps.tolist() == [60, 60]
    assert found.restarts.tolist() == [0, 0]
    assert not found.stopped.any()


def test_alpha_lies_where_the_value_comes_from() -> None:
    found = made(MeanColour(), [RED], pixels(steps=10))
    torch.testing.assert_close(found.alpha, torch.full((1, 6, 6), 10 / 36))


def test_an_image_that_is_not_finite_begins_again_at_a_tenth_of_its_rate() -> None:
    found = made(Cliff(), [RED, GREEN], pixels(rate=1.0))
    assert found.restarts.tolist() == [1, 0]
    assert found.rates.tolist() == pytest.approx([0.1, 1.0])
    assert found.steps.tolist() == [8, 8]
    assert bool(found.values.isfinite().all())
    assert bool(found.history.isfinite().all())
    torch.testing.assert_close(found.alpha[0], torch.full((6, 6), 8 / 36))  # of the second beginning alone


def test_the_others_do_not_notice_that_one_begins_again() -> None:
    both = made(Cliff(), [RED, GREEN], pixels(rate=1.0))
    assert same(both, made(Cliff(), [GREEN], pixels(rate=1.0)), 1, 0)
    assert same(both, made(Cliff(), [RED], pixels(rate=1.0)), 0, 0)


def test_a_second_time_is_an_error_that_names_target_step_and_rate() -> None:
    with pytest.raises(RuntimeError, match=r"'class:red' was not finite a second time, at step \d+ with a rate of 10:"):
        made(Cliff(), [GREEN, RED], pixels(rate=100.0))


def test_a_value_that_is_not_finite_behind_the_last_step_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"the value of 'class:red' is not finite behind the last step.*rate of 2"):
        made(Cliff(), [RED], pixels(rate=2.0, steps=1, views=()))


def test_an_image_without_gain_leaves_the_batch() -> None:
    found = made(Flat(), [RED, GREEN], pixels(steps=30, patience=7))
    assert found.stopped.tolist() == [True, False]
    assert found.steps.tolist() == [8, 30]  # the first step counts as a gain
    assert found.history.isfinite().sum(1).tolist() == [8, 30]
    assert same(found, made(Flat(), [GREEN], pixels(steps=30, patience=7)), 1, 0)


def test_without_patience_none_is_stopped() -> None:
    assert made(Flat(), [RED], pixels(steps=30)).steps.tolist() == [30]


def test_copies_that_are_pushed_apart_leave_together() -> None:
    found = made(Flat(), [RED, BLUE, RED], apart(steps=12, patience=3))
    assert found.steps.tolist() == [4, 12, 4]


def test_copies_that_are_pushed_apart_are_less_alike() -> None:
    alike = [made(Flat(), [RED] * 3, recipe).images for recipe in (pixels(steps=40), apart(steps=40))]
    cosines = [torch.corrcoef(images.flatten(1)).triu(1).sum() for images in alike]
    assert cosines[1] < cosines[0] - 0.5
