"""Networks from settings."""

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from rivalry.lwta import competitions
from rivalry.training.backbone import build_network, describe, load_weights, normalisation_of
from rivalry.training.settings import Backbone


def weight_file(folder: Path, classes: int = 3, name: str = "test_resnet") -> Path:
    torch.manual_seed(8)
    file = folder / f"{name}.safetensors"
    save_file(timm.create_model(name, num_classes=classes).state_dict(), file)
    return file


def test_a_network_without_weights_competes_where_it_is_told() -> None:
    network = build_network(Backbone("test_resnet", competitors=4, where="layer*"), 5)
    assert {name.split(".")[0] for name in competitions(network)} == {"layer1", "layer2", "layer3", "layer4"}
    assert all(layer.competitors == 4 for layer in competitions(network).values())
    assert network(torch.rand(2, 3, 16, 16)).shape == (2, 5)
    assert "U = 4 in" in describe("test_resnet", network)


def test_one_competitor_is_the_dense_twin() -> None:
    network = build_network(Backbone("test_resnet", competitors=1), 3)
    assert not competitions(network)
    assert "no competition" in describe("test_resnet", network)


@pytest.mark.parametrize("kind", ["safetensors", "pt", "checkpoint"])
def test_weights_come_from_a_file(tmp_path: Path, kind: str) -> None:
    file = weight_file(tmp_path)
    reference = timm.create_model("test_resnet", num_classes=3)
    timm.models.load_checkpoint(reference, str(file))
    state = reference.state_dict()
    if kind == "pt":
        torch.save(state, file := tmp_path / "weights.pt")
    if kind == "checkpoint":
        torch.save({"state_dict": {f"network.{key}": value for key, value in state.items()}}, file := tmp_path / "a.pt")
    network = build_network(Backbone("test_resnet", weights=str(file)), 3)
    for key, value in network.state_dict().items():
        assert torch.equal(value, state[key]), key


def test_a_classifier_of_another_size_is_left_out_and_the_rest_loaded(tmp_path: Path) -> None:
    file = weight_file(tmp_path, classes=7)
    network = build_network(Backbone("test_resnet"), 3)
    before = network.get_submodule("fc").weight.detach().clone()
    assert sorted(load_weights(network, file)) == ["fc.bias", "fc.weight"]
    assert torch.equal(network.get_submodule("fc").weight, before)
    torch.manual_seed(8)
    again = timm.create_model("test_resnet", num_classes=7)
    assert torch.equal(network.state_dict()["conv1.0.weight"], again.state_dict()["conv1.0.weight"])


def test_weights_of_another_network_are_refused_by_the_names_that_do_not_fit(tmp_path: Path) -> None:
    file = weight_file(tmp_path, name="cifar_resnet20")
    with pytest.raises(ValueError, match=r"another network.*keys are missing \(such as .*unknown \(such as "):
        build_network(Backbone("test_resnet", weights=str(file)), 3)


def test_a_classifier_of_another_name_is_not_taken_for_one_of_another_size(tmp_path: Path) -> None:
    state = timm.create_model("test_resnet", num_classes=3).state_dict()
    state["fc.scale"] = torch.ones(1)
    save_file(state, tmp_path / "odd.safetensors")
    with pytest.raises(ValueError, match=r"fc\.scale"):
        build_network(Backbone("test_resnet", weights=str(tmp_path / "odd.safetensors")), 3)


def test_a_missing_file_names_its_neighbours(tmp_path: Path) -> None:
    weight_file(tmp_path)
    with pytest.raises(ValueError, match=r"no weight file .*typo\.safetensors.*test_resnet\.safetensors"):
        build_network(Backbone("test_resnet", weights=str(tmp_path / "typo.safetensors")), 3)


def test_an_unknown_network_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"'resnet118'; the nearest are .*resnet18"):
        build_network(Backbone("resnet118"), 3)


def test_pictures_are_normalised_as_the_network_was_trained() -> None:
    mean, std = normalisation_of(build_network(Backbone("cifar_resnet20"), 10))
    assert mean == (0.485, 0.456, 0.406)  # ImageNet's, with which the published CIFAR weights were trained
    assert std == (0.229, 0.224, 0.225)
    assert normalisation_of(torch.nn.Identity()) == ((0.5,) * 3, (0.5,) * 3)
