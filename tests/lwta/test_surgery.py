"""Surgery on timm networks: what is replaced, and what is refused."""

from __future__ import annotations

import pytest
import timm
import torch
from torch import nn

from rivalry.lwta import LWTA, Replacement, competitions, sparsify


def test_a_resnet_loses_every_relu_and_keeps_its_weights() -> None:
    network = timm.create_model("resnet18", num_classes=5)
    keys = list(network.state_dict())
    replaced = sparsify(network, 8)
    assert len(replaced) == 17
    assert replaced[0] == Replacement("act1", "ReLU", 64, 8)
    assert replaced[-1] == Replacement("layer4.1.act2", "ReLU", 512, 8)
    assert not any(isinstance(m, nn.ReLU) for m in network.modules())
    assert list(network.state_dict()) == keys


@pytest.mark.parametrize("competitors", [2, 8, 16, 24])
def test_a_deit_competes_in_its_mlps(competitors: int) -> None:
    network = timm.create_model("deit_tiny_patch16_224", depth=2, img_size=32)
    replaced = sparsify(network, competitors)
    assert [r.name for r in replaced] == ["blocks.0.mlp.act", "blocks.1.mlp.act"]
    outputs: list[torch.Tensor] = []
    network.blocks[0].mlp.act.register_forward_hook(lambda _m, _i, y: outputs.append(y))
    network.eval()(torch.randn(2, 3, 32, 32))
    assert outputs[0].shape == (2, 5, 768)
    assert (outputs[0] != 0).double().mean() == pytest.approx(1 / competitors)


def test_globs_choose_and_mappings_set_competitors_by_place() -> None:
    network = timm.create_model("resnet18", num_classes=5)
    replaced = sparsify(network, {"layer*": 2, "layer4.*": 16}, where=["layer3.*", "layer4.1.act?"])
    assert {r.name: r.competitors for r in replaced} == {
        "layer3.0.act1": 2,
        "layer3.0.act2": 2,
        "layer3.1.act1": 2,
        "layer3.1.act2": 2,
        "layer4.1.act1": 16,
        "layer4.1.act2": 16,
    }
    assert set(competitions(network)) == {r.name for r in replaced}


def test_one_competitor_is_the_ordinary_activation() -> None:
    network = timm.create_model("resnet18", num_classes=5)
    assert sparsify(network, 1) == []
    assert isinstance(network.act1, nn.ReLU)


def test_modes_and_random_state_survive() -> None:
    network = timm.create_model("resnet18", num_classes=5).train()
    network.bn1.eval()
    before, statistics = torch.get_rng_state(), network.layer1[0].bn1.running_mean.clone()
    sparsify(network, 2)
    assert torch.equal(torch.get_rng_state(), before)
    assert network.training
    assert not network.bn1.training
    assert all(layer.training for layer in competitions(network).values())
    assert torch.equal(network.layer1[0].bn1.running_mean, statistics)


def test_uneven_units_are_named_and_nothing_is_replaced() -> None:
    network = timm.create_model("resnet18", num_classes=5)
    with pytest.raises(ValueError, match=r"act1 \(64 units, U = 24\).*fit every place: 2, 4, 8, 16, 32, 64"):
        sparsify(network, 24)
    assert not competitions(network)


def test_an_unknown_name_shows_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"'layer4.1.act3'.*layer4.1.act"):
        sparsify(timm.create_model("resnet18"), 2, where="layer4.1.act3")


def test_a_network_without_activation_modules_is_refused() -> None:
    with pytest.raises(ValueError, match="no activation modules"):
        sparsify(nn.Linear(2, 2), 2)


def test_axes_follow_the_shape() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU(), nn.Flatten(), nn.Linear(32, 6), nn.GELU())
    replaced = sparsify(network, {"1": 4, "4": 3}, example=torch.zeros(1, 3, 2, 2))
    assert [(r.units, r.competitors) for r in replaced] == [(8, 4), (6, 3)]
    assert isinstance(network[1], LWTA)
    assert network[1].dim == 1
    assert network[4].dim == -1


def test_channels_last_compete_along_their_last_axis() -> None:
    network = timm.create_model("test_convnext", num_classes=5)
    replaced = sparsify(network, 4, where="stages.*.mlp.act")
    assert [r.units for r in replaced] == [4 * network.get_submodule(r.name[:-4]).fc2.out_features for r in replaced]
    assert {layer.dim for layer in competitions(network).values()} == {-1}
