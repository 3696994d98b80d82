"""Networks from settings."""

import torch

from rivalry.lwta import competitions
from rivalry.training.backbone import build_network, describe, normalisation_of
from rivalry.training.settings import Backbone


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


def test_pictures_are_normalised_as_the_network_was_trained() -> None:
    mean, std = normalisation_of(build_network(Backbone("cifar_resnet20"), 10))
    assert mean == (0.485, 0.456, 0.406)  # ImageNet's, with which the published CIFAR weights were trained
    assert std == (0.229, 0.224, 0.225)
    assert normalisation_of(torch.nn.Identity()) == ((0.5,) * 3, (0.5,) * 3)


def test_what_the_settings_say_of_images_counts() -> None:
    backbone = Backbone("test_resnet", mean=[0.1, 0.2, 0.3], std=[0.5, 0.6, 0.7], input_size=32)
    assert normalisation_of(build_network(backbone, 3)) == ((0.1, 0.2, 0.3), (0.5, 0.6, 0.7))


def test_gates_and_what_else_stays_is_described() -> None:
    network = build_network(Backbone("seresnet18", competitors=2, where="layer1.*", input_size=32), 3)
    said = describe("seresnet18", network)
    assert (
        "U = 2 in 4 layers (layer1.0.act1 … layer1.1.act2); 21 layers (act1 … layer4.1.act2) stay as they are" in said
    )
