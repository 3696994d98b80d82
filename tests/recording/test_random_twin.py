"""A random twin has learnt nothing, is the same for a seed, and leaves the network and the random states alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import timm
import torch
from torch import nn

from rivalry.data.picturebook import PictureBook
from rivalry.lwta import sparsify
from rivalry.recording.observation import Listening
from rivalry.recording.random_twin import random_twin, random_twin_of

PICTURES = torch.randn(8, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def trained(name: str) -> nn.Module:
    """A network whose every parameter is far from where it began."""
    network = timm.create_model(name, num_classes=4, **({"img_size": 64} if name.startswith("vit") else {}))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(7 + torch.randn_like(parameter))
    return network


@pytest.mark.parametrize("name", ["test_resnet", "vit_tiny_patch16_224"])
def test_nothing_that_was_learnt_is_left(name: str) -> None:
    network = trained(name)
    before, state = copy.deepcopy(network.state_dict()), torch.get_rng_state()
    twin = random_twin(network, seed=3, calibration=[PICTURES])
    assert all(float(parameter.detach().mean()) < 2 for parameter in twin.parameters())
    assert not twin.training
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in before.items())
    assert torch.equal(torch.get_rng_state(), state)


def test_the_seed_alone_decides_the_weights() -> None:
    network, other = trained("vit_tiny_patch16_224"), trained("vit_tiny_patch16_224")
    one, same, another = (random_twin(net, seed=seed, calibration=[]) for net, seed in
                          ((network, 1), (other, 1), (network, 2)))  # fmt: skip
    assert all(torch.equal(first, second) for first, second in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.pos_embed, another.pos_embed)
    assert float(one.pos_embed.detach().std()) == pytest.approx(0.02, rel=0.1)


def test_statistics_are_those_of_the_pictures() -> None:
    twin = random_twin(trained("test_resnet"), calibration=[PICTURES])
    heard: list[torch.Tensor] = []
    twin.bn1.register_forward_pre_hook(lambda _module, inputs: heard.append(inputs[0]))
    with torch.no_grad():
        twin(PICTURES)
    torch.testing.assert_close(twin.bn1.running_mean, heard[0].mean((0, 2, 3)), atol=1e-3, rtol=0)
    with pytest.raises(ValueError, match="no batch"):
        random_twin(twin, calibration=[])


def test_competing_layers_stay() -> None:
    network = trained("test_resnet")
    sparsify(network, competitors=2, where="act1", example=PICTURES[:1])
    assert random_twin(network, calibration=[PICTURES]).act1.competitors == 2


def listening_to(network: nn.Module, dataset: Any) -> Listening:
    def forward(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
        return network((images.float() - 100) / 50)  # a normalisation of its own

    show: Any = None
    return Listening(network, (), dataset, torch.device("cpu"), {}, {}, forward, show)


def test_the_twin_of_a_heard_network_has_the_statistics_of_what_reaches_it() -> None:
    network, book = trained("test_resnet").eval(), PictureBook(4, cache=False)
    inputs = (torch.stack([book[place]["image"] for place in (1, 3)]).float() - 100) / 50
    expected = random_twin(network, seed=2, calibration=[inputs]).state_dict()
    found = random_twin_of(listening_to(network, book), (1, 3), seed=2).state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in found.items())


def test_pictures_are_read_only_where_there_are_statistics() -> None:
    unreadable: Any = {}
    random_twin_of(listening_to(trained("vit_tiny_patch16_224"), unreadable), (0,))
    with pytest.raises(KeyError):
        random_twin_of(listening_to(trained("test_resnet"), unreadable), (0,))
