"""Prototypes as pictures of eight bits."""

from __future__ import annotations

import torch

from rivalry.prototypes.record.portraits import alpha_to_bytes, to_bytes


def test_what_lies_outside_is_clipped_and_rounding_is_to_the_nearest() -> None:
    images = torch.tensor([-0.5, 0.2 / 255, 0.8 / 255, 1.5]).reshape(1, 1, 2, 2)
    assert to_bytes(images).flatten().tolist() == [0, 0, 1, 255]


def test_each_map_is_as_bright_as_its_own_brightest_parts() -> None:
    alpha = torch.linspace(0, 1, 1000).reshape(1, 20, 50)
    both = alpha_to_bytes(torch.cat([alpha, 100 * alpha]))
    assert torch.equal(both[0], both[1])
    assert (both[0] == 255).sum() == 7  # number 994 of 0 to 999 is white, and 993 is rounded to it
    one = torch.zeros(1, 20, 50)
    one[0, 3, 4] = 1000.0
    assert alpha_to_bytes(alpha + one)[0, 0, 19, 49] == 255  # one pixel does not darken all others


def test_nothing_is_black() -> None:
    assert not alpha_to_bytes(torch.zeros(1, 4, 4)).any()
