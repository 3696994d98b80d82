"""Networks by name, from timm, torchvision, open_clip and anybody's factory."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
import torchvision
from jsonargparse import ArgumentParser
from safetensors.torch import save_file
from torch import nn

from rivalry.lwta import competitions
from rivalry.training.backbone import build_network, describe, normalisation_of
from rivalry.training.settings import Backbone
from rivalry.training.sources import create_network, find_source
from rivalry.training.weights import load_weights

CLIP = Path(__file__).parents[2] / "checkpoints" / "picturebook-clip"
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HERE = "tests.training.networks"


@pytest.mark.parametrize(
    ("name", "where", "competitors", "layers"),
    [
        ("resnet18", "*", 8, 17),
        ("mobilenet_v3_small", "*", 8, 24),
        ("squeezenet1_1", "features.*", 8, 25),  # its last ReLU is of the classes
        ("shufflenet_v2_x0_5", "*", 2, 37),
        pytest.param("resnet50", "*", 8, 49, marks=pytest.mark.slow),
        pytest.param("vit_b_32", "*", 16, 12, marks=pytest.mark.slow),
        pytest.param("swin_t", "*", 8, 12, marks=pytest.mark.slow),
        pytest.param("densenet121", "features.*", 16, 120, marks=pytest.mark.slow),  # its last ReLU is a function
        pytest.param("regnet_y_400mf", "*", 8, 49, marks=pytest.mark.slow),
    ],
)
def test_torchvision_classifiers_compete(name: str, where: str, competitors: int, layers: int) -> None:
    torch.manual_seed(0)
    network = build_network(Backbone(f"torchvision:{name}", competitors=competitors, where=where), 5)
    assert len(competitions(network)) == layers
    assert network.num_classes == 5
    assert normalisation_of(network) == IMAGENET
    assert network.pretrained_cfg["input_size"] == (3, 224, 224)
    size = 224 if name == "vit_b_32" else 64
    network(torch.randn(2, 3, size, size)).sum().backward()
    assert all(weight.grad is not None for weight in network.parameters())


@pytest.mark.parametrize(
    ("name", "layer"), [("resnet18", "fc"), ("squeezenet1_1", "classifier.1"), ("vgg11", "classifier.6")]
)
def test_pretrained_weights_of_torchvision_get_a_new_classifier(
    monkeypatch: pytest.MonkeyPatch, name: str, layer: str
) -> None:
    enum = torchvision.models.get_model_weights(name)
    monkeypatch.setattr(enum, "get_state_dict", lambda *_, **__: stored)
    with torch.device("meta"):
        stored = getattr(torchvision.models, name)().state_dict()
    stored = {key: torch.full(value.shape, 0.01) for key, value in stored.items()}
    network = create_network(f"torchvision:{name}", 5, pretrained=True, arguments={})
    assert network.get_submodule(layer).weight.shape[0] == 5
    assert network.num_classes == 5
    assert network.pretrained_cfg["classifier"] == layer
    first = next(iter(stored))
    assert torch.equal(network.state_dict()[first], stored[first])


def test_a_dense_torchvision_network_has_a_layer_for_every_call_too() -> None:
    network = build_network(Backbone("torchvision:resnet18", competitors=1), None)
    assert network.num_classes == 1000
    assert isinstance(network.get_submodule("layer1.0.relu.1"), nn.ReLU)


@pytest.mark.parametrize("source", [f"local-dir:{CLIP}", str(CLIP)], ids=["local-dir", "folder"])
def test_the_image_tower_of_a_clip_competes_under_a_linear_layer(source: str) -> None:
    network = build_network(Backbone(f"open_clip:{source}", competitors=4, weights="pretrained"), 6)
    assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 6)
    assert network.num_classes == 6
    assert normalisation_of(network) == ((0.5,) * 3, (0.5,) * 3)
    assert network.pretrained_cfg["input_size"] == (3, 64, 64)
    assert all(weight.requires_grad for weight in network.parameters())
    assert len(competitions(network)) == 12
    again = build_network(Backbone(f"open_clip:{source}", competitors=4, weights="pretrained"), None)
    key = "visual.trunk.layer1.0.conv1.weight"
    assert torch.equal(network.state_dict()[key], again.state_dict()[key])
    assert again(torch.zeros(1, 3, 64, 64)).shape == (1, 64)
    fresh = build_network(Backbone(f"open_clip:{source}", competitors=4), 6)
    assert not torch.equal(network.state_dict()[key], fresh.state_dict()[key])


def test_open_clips_own_activation_competes() -> None:
    network = build_network(Backbone("open_clip:RN50-quickgelu", competitors=8, where="visual.layer4.*"), 3)
    assert len(competitions(network)) == 9
    assert find_source("open_clip:ViT-B-32/openai") == ("open_clip", "ViT-B-32/openai")


@pytest.mark.parametrize("factory", ["Small", "anything"])
def test_a_factory_that_takes_the_number_of_classes_is_given_it(factory: str) -> None:
    network = build_network(Backbone(f"{HERE}.{factory}", competitors=4, arguments={"width": 16}), 5)
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 5)
    assert [layer.competitors for layer in competitions(network).values()] == [4]
    assert network.num_classes == 5
    assert normalisation_of(network) == ((0.5,) * 3, (0.5,) * 3)
    assert "U = 4 in 1 layer (act)" in describe(factory, network)


def test_a_factory_that_does_not_is_asked_for_what_it_makes() -> None:
    assert build_network(Backbone(f"{HERE}.seven"), None).num_classes == 7
    assert build_network(Backbone(f"{HERE}.seven"), 7).num_classes == 7
    with pytest.raises(ValueError, match=r"seven gives 7 numbers an image, and there are 5 classes"):
        build_network(Backbone(f"{HERE}.seven"), 5)


def test_weights_of_ones_own_network_load_without_their_classifier(tmp_path: Path) -> None:
    dense = build_network(Backbone(f"{HERE}.Small", competitors=1), 9)
    save_file(dense.state_dict(), tmp_path / "small.safetensors")
    network = build_network(Backbone(f"{HERE}.Small", competitors=4), 5)
    assert sorted(load_weights(network, tmp_path / "small.safetensors")) == ["fc.bias", "fc.weight"]
    assert torch.equal(network.state_dict()["conv.weight"], dense.state_dict()["conv.weight"])


def test_any_factory_of_a_library_will_do() -> None:
    network = build_network(Backbone("torchvision.models.mnasnet0_5", competitors=2, input_size=64), 4)
    assert network.pretrained_cfg["classifier"] == "classifier.1"
    assert len(competitions(network)) == 35


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resnet118", "timm knows no network 'resnet118'; the nearest are .*resnet18"),
        ("torchvison:resnet18", "no networks come from 'torchvison'; the nearest are torchvision:"),
        ("torchvision:resnet19", "torchvision has no classifier 'resnet19'; the nearest are .*resnet18"),
        ("open_clip:ViT-B-33", "no such folder, and open_clip has no model 'ViT-B-33'; the nearest are .*ViT-B-32"),
        ("open_clip:ViT-B-32/opneai", "no weights 'opneai' of ViT-B-32; the nearest are openai"),
        ("open_clip:local-dir:nowhere", "a CLIP folder holds .*nowhere lacks"),
        (f"{HERE}.Smal", "tests.training.networks has no factory 'Smal'; the nearest are Small"),
        ("tests.trainin.networks.Small", "there is no module 'tests.trainin'"),
        (f"{HERE}.nothing", "nothing makes a NoneType; wanted an nn.Module"),
        (f"{HERE}.maps", r"maps gives \(1, 4, 224, 224\) for an image; a classifier gives \(1, classes\)"),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build_network(Backbone(name), None)


@pytest.mark.parametrize(
    ("backbone", "said"),
    [
        (Backbone("open_clip:ViT-B-32", weights="pretrained"), r"several weights: open_clip:ViT-B-32/WEIGHTS.*openai"),
        (Backbone("open_clip:roberta-ViT-B-32"), "comes with a text tower, 'roberta-base' .* needs a download"),
        (Backbone(f"{HERE}.Small", weights="pretrained"), "where .*Small has pretrained weights is not known"),
        (Backbone("test_resnet", arguments={"layerz": 3}), r"test_resnet cannot be made with arguments .*'layerz'"),
        (Backbone("torchvision:resnet18", arguments={"layerz": 3}), r"resnet18 cannot be made with .*'layerz'"),
    ],
)
def test_what_does_not_fit_is_told(backbone: Backbone, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build_network(backbone, 3)


def test_a_yaml_file_sets_competitors_by_place() -> None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--backbone", type=Backbone)
    written = """
        backbone:
          name: torchvision:resnet18
          competitors: {"*": 2, "layer[34].*": 8, "layer4.1.relu.1": 16}
          where: [relu, "layer*.relu"]
          input_size: 32
          mean: [0.4, 0.5, 0.6]
    """
    chosen = parser.instantiate_classes(parser.parse_string(written)).backbone
    network = build_network(chosen, 4)
    sizes = {name: layer.competitors for name, layer in competitions(network).items()}
    assert (sizes["relu"], sizes["layer2.1.relu.1"], sizes["layer3.0.relu.0"], sizes["layer4.1.relu.1"]) == (
        2,
        2,
        8,
        16,
    )
    assert normalisation_of(network) == ((0.4, 0.5, 0.6), IMAGENET[1])
    assert chosen == Backbone(**asdict(chosen))  # as a checkpoint keeps it


@pytest.mark.slow
def test_the_command_line_knows_our_own_networks_by_name() -> None:
    """There, importing the package registers nothing with timm."""
    known = "import sys; sys.argv = ['rivalry']; from rivalry.training.sources import find_source; "
    found = subprocess.run(
        [sys.executable, "-c", known + "print(find_source('cifar_resnet20'))"], check=True, capture_output=True
    )
    assert found.stdout.split() == [b"('timm',", b"'cifar_resnet20')"]
