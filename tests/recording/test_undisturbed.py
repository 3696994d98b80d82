"""Whatever happens inside, weights, buffers, flags and random states are bit-identical afterwards."""

import contextlib
import random

import numpy as np
import pytest
import torch
from torch import nn

from rivalry.lwta.layer import Mode
from rivalry.recording import Finding, Listening, Observation, sweep, undisturbed
from tests.recording.tiny import Listener, TinyNetwork, hooks_of, tiles_loader


def state(network: nn.Module) -> dict[str, object]:
    return {
        "weights": {name: tensor.clone() for name, tensor in network.state_dict().items()},
        "buffers": {name: tensor.clone() for name, tensor in network.named_buffers()},
        "flags": [module.training for module in network.modules()],
        "modes": [(m.evaluation_mode, m.generator) for m in (network.compete, network.rivals)],
        "gradients": [parameter.requires_grad for parameter in network.parameters()],
        "torch": torch.get_rng_state(),
        "numpy": np.random.get_state(),
        "enabled": torch.is_grad_enabled(),
    }


def assert_same(first: dict, second: dict) -> None:
    for part in ("weights", "buffers"):
        assert first[part].keys() == second[part].keys()
        assert all(torch.equal(first[part][name], second[part][name]) for name in first[part])
    for part in ("flags", "modes", "gradients", "enabled"):
        assert first[part] == second[part], part
    assert torch.equal(first["torch"], second["torch"])
    assert all(np.array_equal(a, b) for a, b in zip(first["numpy"], second["numpy"], strict=True))


class Careless(Listener):
    """Draws from every global source, and perhaps fails."""

    def __init__(self, fail_in: str = "") -> None:
        super().__init__("compete")
        self.fail_in = fail_in

    def start(self, listening: Listening) -> None:
        super().start(listening)
        self._spoil("start")

    def observe(self, observation: Observation) -> None:
        super().observe(observation)
        self._spoil("observe")

    def conclude(self, network: nn.Module) -> Finding:
        self._spoil("conclude")
        return super().conclude(network)

    def _spoil(self, where: str) -> None:
        torch.rand(3), np.random.rand(), random.random()
        if where == self.fail_in:
            raise ArithmeticError(where)


@pytest.mark.parametrize("mode", ["argmax", "sample", "mean"])
def test_a_sweep_leaves_everything_as_it_was(mode: Mode) -> None:
    network = TinyNetwork().train()
    network.norm.eval()  # a frozen layer must stay frozen
    before = state(network)
    sweep(network, tiles_loader(shuffle=True), [Careless()], mode=mode, progress=False)
    assert_same(before, state(network))
    assert hooks_of(network) == 0


@pytest.mark.parametrize("where", ["start", "observe", "conclude"])
def test_also_after_a_failure_which_names_the_analysis(where: str) -> None:
    network = TinyNetwork().train()
    before = state(network)
    with pytest.raises(RuntimeError, match=f"analysis 'listener' failed to {where}: {where}"):
        sweep(network, tiles_loader(), [Careless(fail_in=where)], mode="sample", progress=False)
    assert_same(before, state(network))
    assert hooks_of(network) == 0


def test_the_proof_can_fail() -> None:
    network = TinyNetwork().train()
    before = state(network)
    network(torch.rand(4, 3, 8, 8))  # moves BatchNorm's statistics and draws winners
    with pytest.raises(AssertionError):
        assert_same(before, state(network))


def test_python_s_random_state_comes_back() -> None:
    # Apart from the others: under pytest the checks of the types of lists draw from it at every call of the package.
    context = undisturbed(TinyNetwork())
    before = random.getstate()
    with context:
        random.random()
    assert random.getstate() == before
    context = undisturbed(TinyNetwork())
    with contextlib.suppress(KeyError), context:
        random.random()
        raise KeyError
    assert random.getstate() == before


def test_inside_nothing_trains() -> None:
    network = TinyNetwork().train()
    with undisturbed(network):
        assert not any(module.training for module in network.modules())
        assert not network(torch.rand(2, 3, 8, 8)).requires_grad
