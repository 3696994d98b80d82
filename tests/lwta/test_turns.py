"""Activations that run several times in a pass, or have several names, get a module for every call."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import textwrap

import pytest
import torch
import torchvision
from torch import Tensor, nn

from rivalry.lwta import LWTA, competitions, sparsify
from rivalry.lwta.turns import InTurn, places, separate_calls

EXAMPLE = torch.zeros(1, 3, 8, 8)


class Block(nn.Module):
    """One ReLU called twice, of 8 and of 4 channels, as in a bottleneck."""

    def __init__(self, fail: bool = False) -> None:
        super().__init__()
        self.wide = nn.Conv2d(3, 8, 1)
        self.narrow = nn.Conv2d(8, 4, 1)
        self.relu = nn.ReLU(inplace=True)
        self.fail = fail

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.wide(x))
        if self.fail:
            raise KeyError("broken off")
        return self.relu(self.narrow(x))


def test_every_call_has_its_own_units() -> None:
    network = nn.Sequential(Block(), nn.Conv2d(4, 3, 1), Block())
    keys = list(network.state_dict())
    replaced = sparsify(network, 4, example=EXAMPLE)
    assert [(one.name, one.units) for one in replaced] == [
        ("0.relu.0", 8),
        ("0.relu.1", 4),
        ("2.relu.0", 8),
        ("2.relu.1", 4),
    ]
    assert list(network.state_dict()) == keys
    assert places(network)["0.relu.1"] == "0.relu"


def test_a_name_means_all_its_calls_and_a_number_one() -> None:
    first, second, third = (nn.Sequential(Block()) for _ in range(3))
    sizes = {"0.relu": 2, "*.1": 4}
    assert [one.competitors for one in sparsify(third, sizes, example=EXAMPLE)] == [2, 4]
    assert [one.name for one in sparsify(first, 2, "0.relu", example=EXAMPLE)] == ["0.relu.0", "0.relu.1"]
    assert [one.name for one in sparsify(second, 2, "*.relu.1", example=EXAMPLE)] == ["0.relu.1"]
    assert isinstance(second.get_submodule("0.relu.0"), nn.ReLU)


def test_the_dense_network_computes_what_it_did() -> None:
    network = torchvision.models.resnet50(num_classes=4).eval()
    x = torch.randn(2, 3, 32, 32)
    before = network(x)
    seen = separate_calls(network, x[:1])
    assert torch.equal(network(x), before)
    assert len(seen.shapes) == 49  # the stem's, and three in each of 16 blocks
    assert {shape[1] for name, (shape,) in seen.shapes.items() if name.startswith("layer1.0.relu")} == {64, 256}
    assert len(separate_calls(network, x[:1]).shapes) == 49
    assert sum(isinstance(module, InTurn) for module in network.modules()) == 16


def test_a_shared_block_is_called_as_often_as_it_stands_there() -> None:
    block = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU())
    network = nn.Sequential(block, block)
    assert [one.name for one in sparsify(network, 3, example=EXAMPLE)] == ["0.1.0", "0.1.1"]


def test_a_module_of_two_names_is_replaced_at_both() -> None:
    relu = nn.ReLU()
    network = nn.Sequential(nn.Conv2d(3, 8, 1), relu, nn.Conv2d(8, 4, 1), relu)
    assert [(one.name, one.units) for one in sparsify(network, 4, example=EXAMPLE)] == [("1", 8), ("3", 4)]
    assert isinstance(network[3], LWTA)


def test_a_pass_that_was_broken_off_does_not_shift_the_next() -> None:
    network = nn.Sequential(Block())
    sparsify(network, 4, example=EXAMPLE)
    whole = copy.deepcopy(network)
    network[0].fail = True
    with pytest.raises(KeyError):
        network(EXAMPLE)
    network[0].fail = False
    x = torch.randn(2, 3, 8, 8)
    assert torch.equal(network.eval()(x), whole.eval()(x))
    heard: list[int] = []
    network.get_submodule("0.relu.0").register_forward_hook(lambda _m, _i, y: heard.append(y.shape[1]))
    network(x)
    assert heard == [8]


@pytest.mark.parametrize("again", [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
def test_copies_take_turns_of_their_own(again: object) -> None:
    network = nn.Sequential(Block())
    sparsify(network, 4, example=EXAMPLE)
    twin = again(network)  # type: ignore[operator]
    network.get_submodule("0.relu").turn = 1
    twin(EXAMPLE)
    assert network.get_submodule("0.relu").turn == 1
    twin.get_submodule("0.relu").turn = 1
    assert twin(EXAMPLE).shape == (1, 4, 8, 8)
    assert twin.get_submodule("0.relu").turn == 0
    assert len(competitions(twin)) == 2


@pytest.mark.slow
def test_turns_compile_into_one_graph() -> None:
    """In a process of its own: the checks of shapes, which tests switch on, do not compile."""
    code = """
        import torch
        from torch import nn
        from rivalry.lwta.turns import InTurn

        turns = InTurn([nn.ReLU(), nn.Identity()])
        network = nn.Sequential(turns, nn.Linear(2, 2), turns)
        network.register_forward_pre_hook(turns.restart)
        x = torch.randn(3, 2)
        expected = network(x)
        compiled = torch.compile(network, backend="eager", fullgraph=True)
        assert all(torch.equal(compiled(x), expected) for _ in range(3))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
