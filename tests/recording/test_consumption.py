"""Which tensors operations read, and how much room their results need."""

from __future__ import annotations

import torch

from rivalry.lwta.layer import LWTA
from rivalry.recording.consumption import Consumption


def test_what_is_read_and_what_is_needed() -> None:
    watched = {name: torch.ones(4, 2) for name in ("added", "viewed", "asked its shape", "left alone")}
    with Consumption(watched) as consumption:
        total = watched["added"] + 1  # 8 numbers
        total = total * torch.ones(watched["asked its shape"].shape[1])  # 2 and 8
        total.add_(1)
        watched["viewed"].flatten()
    assert consumption.read == {"added", "viewed"}
    assert consumption.numbers == 18


def test_our_own_operators_are_watched_too() -> None:
    activations = torch.randn(3, 4, requires_grad=True)
    with Consumption({"it": activations}) as consumption:
        LWTA(2, dim=1).eval()(activations)
    assert consumption.read == {"it"}
    assert consumption.numbers >= 12
