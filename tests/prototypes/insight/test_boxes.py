"""Boxes: their sums, the one that drew most of the gradient, and what is pasted."""

from __future__ import annotations

import math

import torch

from rivalry.prototypes.insight.boxes import attributed_lift, box_sums, most_attributed, paste
from rivalry.recording.box import Box


def test_sums_are_those_of_every_box() -> None:
    values = torch.rand(2, 7, 9, generator=torch.Generator().manual_seed(0))
    sums = box_sums(values, 3, 4)
    assert sums.shape == (2, 5, 6)
    for top in range(5):
        for left in range(6):
            plain = values[:, top : top + 3, left : left + 4].double().sum((1, 2))
            torch.testing.assert_close(sums[:, top, left], plain)


def test_a_box_may_be_the_whole_picture() -> None:
    assert box_sums(torch.ones(1, 3, 2), 3, 2).tolist() == [[[6.0]]]


def test_the_most_attributed_box_holds_what_was_planted() -> None:
    alpha = torch.zeros(20, 30)
    alpha[11:15, 17:21] = 1.0
    box = most_attributed(alpha, 0.2)
    assert box == Box(11, 17, 4, 4)
    assert math.isclose(attributed_lift(alpha, box), 20 * 30 / 16)


def test_even_attribution_lifts_nothing() -> None:
    assert math.isclose(attributed_lift(torch.ones(8, 8), Box(2, 3, 4, 1)), 1.0)


def test_no_attribution_lifts_nobody_knows_what() -> None:
    assert math.isnan(attributed_lift(torch.zeros(8, 8), Box(0, 0, 2, 2)))


def test_a_patch_lies_in_its_box_and_the_picture_stays() -> None:
    image = torch.zeros(5, 6, 6, dtype=torch.uint8)
    pasted = paste(image, torch.full((5, 2, 3), 7, dtype=torch.uint8), Box(1, 2, 2, 3))
    assert int(image.sum()) == 0
    assert int(pasted.sum()) == 5 * 2 * 3 * 7
    assert pasted[:, 1:3, 2:5].unique().tolist() == [7]
