"""Layers are found by name, heard once a batch, as they were when they spoke; the hooks always go."""

import contextlib

import pytest
import torch
from torch import nn

from rivalry.lwta import sparsify
from rivalry.recording.taps import Taps, resolve_taps
from tests.recording.tiny import TinyNetwork, hooks_of


@pytest.fixture
def network() -> TinyNetwork:
    return TinyNetwork().eval()


def test_names_and_globs_in_the_order_of_the_network(network: nn.Module) -> None:
    assert resolve_taps(network, ["rivals", "com*"]) == ("compete", "rivals")
    assert "compete.winner" not in resolve_taps(network, ["*"])


def test_an_unknown_layer_names_close_matches(network: nn.Module) -> None:
    with pytest.raises(
        ValueError, match=r"TinyNetwork is called 'competes'; close are compete.*compete are compete, riv"
    ):
        resolve_taps(network, ["act", "competes"])
    with pytest.raises(ValueError, match="no layer to tap"):
        resolve_taps(network, [])


def test_hears_outputs_and_winners(network: nn.Module) -> None:
    images = torch.rand(2, 3, 8, 8)
    with Taps(network, ("compete", "act")) as taps:
        network(images)
        outputs, winners = taps.take()
    assert outputs["compete"].shape == (2, 8, 4, 4)
    assert winners["compete"].shape == (2, 4, 4, 4)
    assert outputs["act"].shape == (2, 6)
    assert "act" not in winners
    assert hooks_of(network) == 0


def test_hooks_go_after_an_exception(network: nn.Module) -> None:
    with contextlib.suppress(KeyError), Taps(network, ("compete", "rivals")):
        assert hooks_of(network) == 4
        raise KeyError
    assert hooks_of(network) == 0


def test_a_layer_that_stays_silent_is_named(network: nn.Module) -> None:
    network.unused = nn.ReLU()
    with Taps(network, ("compete", "unused")) as taps:
        network(torch.rand(1, 3, 8, 8))
        with pytest.raises(ValueError, match="did not go through unused"):
            taps.take()


def test_a_layer_that_runs_twice_is_named() -> None:
    relu = nn.ReLU()
    network = nn.Sequential(nn.Linear(2, 2), relu, nn.Linear(2, 2), relu)
    with Taps(network, ("1",)), pytest.raises(ValueError, match="'1' ran more than once"):
        network(torch.rand(1, 2))
    assert hooks_of(network) == 0


def test_an_activation_that_runs_twice_is_tapped_call_by_call() -> None:
    block = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 8), block, block)
    sparsify(network, 4, example=torch.zeros(1, 1, 2, 2))
    names = resolve_taps(network, ["2.1"])
    assert names == ("2.1.0", "2.1.1")
    assert "2.1" not in resolve_taps(network, ["*"])
    with Taps(network.eval(), names) as taps:
        network(torch.rand(3, 1, 2, 2))
        outputs, winners = taps.take()
    assert [tuple(winners[name].shape) for name in names] == [(3, 2), (3, 2)]
    assert not torch.equal(outputs[names[0]], outputs[names[1]])


def test_a_layer_without_a_tensor_is_named() -> None:
    network = nn.LSTM(2, 2)
    outer = nn.Sequential(network)
    with Taps(outer, ("0",)), pytest.raises(ValueError, match="'0' gives a tuple"):
        outer(torch.rand(1, 3, 2))


@pytest.mark.parametrize("inference", [False, True])
def test_what_the_network_overwrites_later_is_heard_as_it_was(inference: bool) -> None:
    network = nn.Sequential(nn.Linear(3, 3), nn.ReLU(inplace=True), nn.Linear(3, 3))
    generator = torch.Generator().manual_seed(0)
    with torch.inference_mode(inference), Taps(network, ("0", "1")) as taps:
        for _ in range(3):
            x = torch.randn(4, 3, generator=generator)
            network(x)
            outputs, _ = taps.take()
            assert torch.equal(outputs["0"], network[0].forward(x))
            assert outputs["0"].min() < 0
            assert torch.equal(outputs["1"], outputs["0"].relu())


def test_later_batches_are_kept_without_copying(network: nn.Module) -> None:
    kept = {}
    network.act.register_forward_hook(lambda _layer, _inputs, output: kept.update(act=output))
    with Taps(network, ("act",)) as taps:
        for _ in range(2):
            network(torch.rand(1, 3, 8, 8))
            outputs, _ = taps.take()
    assert outputs["act"].data_ptr() == kept["act"].data_ptr()
