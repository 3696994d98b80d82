"""What is written down of a pass."""

from __future__ import annotations

import torch
from torch import nn

from rivalry.recording.calls import calls_before, without


def nested() -> nn.Sequential:
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Linear(2, 2), nn.ReLU(inplace=True))
    return nn.Sequential(inner, nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)), nn.Tanh())


def test_outermost_calls_that_ended_before_the_layer() -> None:
    network, rows = nested(), torch.randn(3, 2)
    calls = calls_before(network, "2.1", lambda: network(rows))
    assert [call.name for call in calls.before] == ["0", "1", "2.0"]
    assert torch.equal(calls.before[0].output, network[0](rows))
    assert torch.equal(calls.output, network[2][1](calls.before[2].output))


def test_outputs_are_those_before_anything_was_written_into_them() -> None:
    network, rows = nested(), torch.randn(3, 2)
    calls = calls_before(network, "0.1", lambda: network(rows))
    assert torch.equal(calls.before[0].output, network[0][0](rows))


def test_only_what_is_wanted_is_kept() -> None:
    network, rows = nested(), torch.randn(3, 2)
    every = calls_before(network, "2.1", lambda: network(rows))
    wanted = every.before[1].number
    calls = calls_before(network, "2.1", lambda: network(rows), lambda number: number == wanted)
    assert [call.output is not None for call in calls.before] == [False, True, False]
    assert [call.number for call in calls.before] == [call.number for call in every.before]


def test_a_forward_of_the_users_own_comes_back() -> None:
    network, rows = nested(), torch.randn(3, 2)
    own = network[1].forward = lambda rows: rows * 2
    calls = calls_before(network, "2.1", lambda: network(rows))
    assert torch.equal(calls.before[1].output, calls.before[0].output * 2)
    with without(network, "2.1", torch.zeros(3, 2), {call.name: [call.output] for call in calls.before}):
        assert torch.equal(network(rows), network[2][2](torch.zeros(3, 2)).tanh())
    assert network[1].__dict__["forward"] is own
    assert "forward" not in network[0].__dict__
