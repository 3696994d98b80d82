"""A digest that tells weights apart, and nothing else."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from rivalry.numerics.fingerprint import state_fingerprint


def test_equal_states_have_equal_digests() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).to(torch.bfloat16)
    assert state_fingerprint(network) == state_fingerprint(copy.deepcopy(network).eval())


@pytest.mark.parametrize("name", ["0.weight", "1.running_mean", "1.num_batches_tracked"])
def test_every_parameter_and_buffer_counts(name: str) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    before = state_fingerprint(network)
    network.state_dict()[name].flatten()[:1].add_(1) if network.state_dict()[name].ndim else network[
        1
    ].num_batches_tracked.add_(1)
    assert state_fingerprint(network) != before
