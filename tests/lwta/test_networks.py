"""Networks by name, through timm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.models import save_for_hf

from rivalry.lwta import competitions
from rivalry.lwta.cifar_resnet import DEPTHS, CifarResNet


def test_a_competing_network_is_made_by_name() -> None:
    network = timm.create_model("lwta", base="deit_tiny_patch16_224", competitors=8, num_classes=7, depth=2)
    assert [layer.competitors for layer in competitions(network).values()] == [8, 8]
    assert network.num_classes == 7


def test_weights_of_the_dense_network_load(tmp_path: Path) -> None:
    dense = timm.create_model("resnet18", num_classes=3)
    save_file(dense.state_dict(), tmp_path / "dense.safetensors")
    sparse = timm.create_model(
        "lwta", base="resnet18", competitors=4, num_classes=3, checkpoint_path=str(tmp_path / "dense.safetensors")
    )
    assert all(
        torch.equal(a, b) for a, b in zip(dense.state_dict().values(), sparse.state_dict().values(), strict=True)
    )


def test_timm_saves_it_and_builds_it_again(tmp_path: Path) -> None:
    arguments = {"base": "cifar_resnet20", "competitors": 4, "where": ["layer3.*"], "sharpness": 5.0}
    network = timm.create_model("lwta", **arguments).eval()
    network.pretrained_cfg = {**network.pretrained_cfg, "architecture": "lwta"}
    save_for_hf(network, str(tmp_path), model_args=arguments, safe_serialization=True)
    json.loads((tmp_path / "config.json").read_text())
    again = timm.create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(again(x), network(x))
    assert [float(layer.sharpness) for layer in competitions(again).values()] == [5.0] * 6


def test_a_torchvision_network_comes_back_with_the_competitors_of_every_layer(tmp_path: Path) -> None:
    sizes = {"layer1.0.relu.0": 4, "layer1.0.relu.1": 2, "layer4.1.relu.1": 8}
    arguments = {"base": "torchvision:resnet18", "competitors": sizes, "where": list(sizes), "input_size": 64}
    network = timm.create_model("lwta", num_classes=5, **arguments).eval()
    assert {name: layer.competitors for name, layer in competitions(network).items()} == sizes
    assert network.num_classes == 5
    assert network.pretrained_cfg["classifier"] == "fc"
    save_file(network.state_dict(), tmp_path / "model.safetensors")
    images = {**network.pretrained_cfg, "input_size": (3, 64, 64)}
    config = {"architecture": "lwta", "num_classes": 5, "model_args": arguments, "pretrained_cfg": images}
    (tmp_path / "config.json").write_text(json.dumps(config))
    again = timm.create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    x = torch.randn(2, 3, 64, 64)
    assert torch.equal(again(x), network(x))
    assert {name: layer.competitors for name, layer in competitions(again).items()} == sizes
    other = timm.create_model(f"local-dir:{tmp_path}", pretrained=True, num_classes=3)
    assert other.fc.out_features == 3
    assert torch.equal(other.conv1.weight, network.conv1.weight)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"base": "hf-hub:somebody/something"}, "'hf-hub:somebody/something' is none"),
        ({"base": "cifar_resnet20", "features_only": True}, "may not give a network 'features_only'"),
    ],
)
def test_a_folder_of_a_stranger_builds_installed_networks_alone(
    arguments: dict[str, Any], said: str, tmp_path: Path
) -> None:
    network = timm.create_model("cifar_resnet20")
    save_for_hf(network, str(tmp_path), safe_serialization=True)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "architecture": "lwta", "model_args": arguments}))
    for pretrained in (True, False):
        with pytest.raises(ValueError, match=said):
            timm.create_model(f"local-dir:{tmp_path}", pretrained=pretrained)


@pytest.mark.parametrize(("name", "blocks"), DEPTHS.items())
def test_cifar_resnets_have_six_n_plus_two_layers(name: str, blocks: int) -> None:
    network = timm.create_model(name)
    assert isinstance(network, CifarResNet)
    layers = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    assert len(layers) == 6 * blocks + 2
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_the_classifier_can_be_replaced() -> None:
    network = timm.create_model("cifar_resnet20", num_classes=4)
    network.reset_classifier(0)
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 64)
    network.reset_classifier(6)
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 6)
    with pytest.raises(ValueError, match="'max'"):
        network.reset_classifier(6, global_pool="max")


@pytest.mark.data
@pytest.mark.parametrize("name", ["cifar_resnet20", "cifar_resnet56"])
def test_the_published_cifar_weights_load(name: str, shared_data: Path) -> None:
    path = shared_data / "weights" / f"{name.replace('cifar_', 'cifar10_')}.safetensors"
    network = timm.create_model("lwta", base=name, competitors=2, checkpoint_path=str(path))
    assert len(competitions(network)) == 2 * 3 * DEPTHS[name] + 1
