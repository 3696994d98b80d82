"""Registers without training: the outliers go, and hardly anything else does."""

from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor

from rivalry.artefacts.registers.register_units import find_register_units, units_by_layer
from rivalry.artefacts.registers.test_time import move_units, with_test_time_registers
from rivalry.lwta import LWTA
from tests.artefacts.registers.planted import BLOCK, PLACES, UNIT, compete, hooks_of, learn_head, plant, small_vit
from tests.artefacts.registers.test_register_units import inputs

PLANTED = {f"blocks.{BLOCK}": [UNIT]}


def outputs(network: Any, images: Tensor) -> list[Tensor]:
    """Raw outputs of all blocks."""
    heard: list[Tensor] = []
    hooks = [block.register_forward_hook(lambda _m, _i, output: heard.append(output)) for block in network.blocks]
    with torch.no_grad():
        network(images)
    for hook in hooks:
        hook.remove()
    return heard


def test_units_move_with_their_sign_and_the_prefix_keeps_its_own() -> None:
    activations = torch.tensor([[[9.0, 1.0], [2.0, 1.0], [-3.0, 1.0], [0.5, 7.0]]])
    moved = move_units(activations, [0], prefix=1)
    assert moved.tolist() == [[[9.0, 1.0], [0.0, 1.0], [0.0, 1.0], [-3.0, 7.0]]]
    assert activations[0, 1, 0] == 2  # a copy
    assert move_units(activations, [0, 1], prefix=0)[0, -1].tolist() == [9.0, 1.0]


def test_winners_stay_winners() -> None:
    """Two blocks of three. Unit 1 wins at patch 0, unit 4 at both; their rivals do not come up in their place."""
    patches = [[0.0, 8.0, 0.0, 0.0, 2.0, 0.0], [5.0, 0.0, 0.0, 0.0, -6.0, 0.0]]
    register = [0.3, 0.0, 0.0, 0.0, 0.0, 0.7]
    activations = torch.tensor([[*patches, register]])
    moved = move_units(activations, [1, 4], prefix=0, competitors=3)[0]
    assert moved[0].tolist() == [0.0] * 6
    assert moved[1].tolist() == [5.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert moved[2].tolist() == [0.0, 8.0, 0.0, 0.0, -6.0, 0.0]
    untouched = move_units(activations, [4], prefix=0, competitors=3)[0]
    assert torch.allclose(untouched[2, :3], torch.tensor(register[:3]))
    both = move_units(activations, [0, 1], prefix=0, competitors=3)[0]
    assert both[2].tolist()[:3] == [0.0, 8.0, 0.0]  # of two moved units of a block the larger wins
    for token in torch.cat([moved, both]).reshape(-1, 2, 3):
        assert int((token != 0).sum(1).max()) <= 1


@pytest.mark.parametrize("competing", [False, True])
@pytest.mark.parametrize("arguments", [{}, {"reg_tokens": 3}, {"class_token": False, "global_pool": "avg"}])
def test_planted_outliers_go_and_the_output_stays(competing: bool, arguments: dict[str, Any]) -> None:
    network, images = plant(small_vit(**arguments)), inputs(40)
    if competing:
        compete(network)
    learn_head(network)
    prefix = network.num_prefix_tokens
    with torch.no_grad():
        before = network(images)
    norms = [tokens[:, prefix:].norm(dim=2) for tokens in outputs(network, images)]
    assert float(norms[BLOCK][:, PLACES].min()) > 20 * float(norms[BLOCK].median())
    with with_test_time_registers(network, PLANTED) as edited:
        heard = outputs(edited, images)
        with torch.no_grad():
            after = edited(images)
    for layer in range(len(heard)):
        patches = heard[layer][:, prefix : prefix + 25].norm(dim=2)
        assert float(patches.max()) < 3 * float(norms[layer].median())
    assert float(heard[BLOCK][:, -1].norm(dim=1).min()) > 20 * float(norms[BLOCK].median())  # where they went
    labels = torch.arange(40) % 2
    assert float((before.argmax(1) == labels).float().mean()) > 0.9
    if arguments.get("class_token", True):  # a head that averages patches has learnt to live with the long ones
        assert float((after.argmax(1) == labels).float().mean()) > 0.9
    assert hooks_of(network) == 0
    with torch.no_grad():
        assert torch.equal(network(images), before)


def test_units_that_never_act_change_nothing_but_the_token_that_is_appended() -> None:
    network, images = plant(small_vit()), inputs(4)
    with torch.no_grad():
        before = network(images)
        network.blocks[2].mlp.fc1.bias[7] = -1e6  # GELU gives 0
        same = network(images)
        with with_test_time_registers(network, {"blocks.2": [7]}):
            edited = network(images)
    assert torch.allclose(before, same, atol=0.05)
    assert torch.allclose(edited, same, atol=0.05)
    assert not torch.equal(edited, same)  # attention has one more token to look at


def test_torchvisions_networks_have_them_too() -> None:
    torch.manual_seed(0)
    network = torchvision.models.VisionTransformer(40, 8, 2, 2, 16, 32, num_classes=3).eval()
    block = network.encoder.layers[0]
    with torch.no_grad():
        network.encoder.pos_embedding[:, 1 + PLACES[0], 3] = 6
        block.mlp[0].weight[4], block.mlp[0].bias[4] = 0, -4
        block.mlp[0].weight[4, 3] = 3
        block.mlp[3].weight[:, 4] = 60 * torch.eye(16)[9]
        found = find_register_units(network, inputs(10), count=1)
        assert units_by_layer(found) == {"encoder.layers.encoder_layer_0": [4]}
        with with_test_time_registers(network, units_by_layer(found)):
            assert network(inputs(3)).shape == (3, 3)
    assert hooks_of(network) == 0


def test_hooks_go_after_an_exception() -> None:
    network = plant(small_vit())

    def fail() -> None:
        with with_test_time_registers(network, PLANTED):
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    assert hooks_of(network) == 0


def test_gradients_pass() -> None:
    network = plant(small_vit())
    images = inputs(2).requires_grad_()
    with with_test_time_registers(network, PLANTED):
        network(images).sum().backward()
    assert images.grad is not None
    assert bool(images.grad.isfinite().all())


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ({"block.1": [5]}, r"'block\.1' is no block of the network; the nearest are blocks\.\d"),
        ({"blocks.1": [192]}, r"blocks\.1 has units 0 to 191"),
        ({"blocks.1": []}, "one or more are moved"),
    ],
)
def test_what_is_not_there_cannot_be_moved(units: dict[str, list[int]], message: str) -> None:
    network = small_vit()
    with pytest.raises(ValueError, match=message), with_test_time_registers(network, units):
        pass
    assert hooks_of(network) == 0


def test_a_competition_is_told_from_the_network() -> None:
    network = compete(plant(small_vit()), competitors=4)
    assert isinstance(network.blocks[BLOCK].mlp.act, LWTA)
    heard: list[Tensor] = []
    with with_test_time_registers(network, PLANTED):
        hook = network.blocks[BLOCK].mlp.fc2.register_forward_pre_hook(lambda _m, given: heard.append(given[0]))
        with torch.no_grad():
            network(inputs(2))
        hook.remove()
    active = (heard[0] != 0).reshape(2, 27, -1, 4).sum(3)
    assert int(active.max()) == 1
    assert bool((heard[0][:, -1, UNIT] > 0).all())
