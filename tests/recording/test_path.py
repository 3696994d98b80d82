"""The path of a network, against what is left of the gradient when a layer is cut."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn

import rivalry.lwta.networks  # noqa: F401 (registers cifar_resnet20)
from rivalry.lwta.layer import evaluating
from rivalry.lwta.surgery import sparsify
from rivalry.lwta.turns import separate_calls
from rivalry.recording.path import path_of
from rivalry.recording.taps import resolve_taps
from tests.recording.tiny import Block


def residual_network() -> nn.Sequential:
    stem = (nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout())
    return nn.Sequential(*stem, Block(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


def picture(side: int = 32, channels: int = 3) -> Tensor:
    return torch.randint(0, 256, (channels, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def resnet() -> nn.Module:
    return timm.create_model("test_resnet", num_classes=4)


def competing_resnet() -> nn.Module:
    network = resnet()
    sparsify(network, 2, example=torch.zeros(1, 3, 32, 32))
    return network


def resnet_of_torchvision() -> nn.Module:
    network = torchvision.models.resnet18(num_classes=4)
    separate_calls(network.eval(), torch.zeros(1, 3, 32, 32))
    return network


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "residual": residual_network,
    "resnet": resnet,
    "competing": competing_resnet,
    "torchvision": resnet_of_torchvision,
    "cifar": lambda: timm.create_model("cifar_resnet20", num_classes=4),
    "vit": lambda: timm.create_model("test_vit", num_classes=4, img_size=32),
    "convnext": lambda: timm.create_model("test_convnext", num_classes=4),
}


def outputs_and_cuts(network: nn.Module, image: Tensor) -> dict[str, tuple[Tensor, bool]]:
    """What each layer gives, and whether no gradient reaches the picture any more when it is cut there."""
    found = {}
    for layer in resolve_taps(network, ["*"]):
        given: list[Tensor] = []

        def cut(_module: nn.Module, _inputs: object, output: Tensor, given: list[Tensor] = given) -> Tensor:
            given.append(output.detach().clone())
            return output.detach()

        handle = network.get_submodule(layer).register_forward_hook(cut)
        shown = (image[None].float() / 255).requires_grad_()
        logits = network(shown)
        handle.remove()
        reached = logits.requires_grad and torch.autograd.grad(logits.sum(), shown, allow_unused=True)[0] is not None
        if given:
            found[layer] = given[0], not reached
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_a_layer_is_on_the_path_iff_nothing_passes_where_it_is_cut(name: str) -> None:
    torch.manual_seed(0)
    network, image = NETWORKS[name]().eval(), picture()
    path = path_of(network, image)
    found = outputs_and_cuts(network, image)
    logits = network(image[None].float() / 255).detach()
    assert path == tuple(layer for layer in found if layer in path), "in the order of the network"
    assert all(found[layer][1] for layer in path)
    known = [found[layer][0].flatten().sort().values for layer in path] + [logits.flatten().sort().values]
    for layer, (output, cuts) in found.items():
        numbers = output.flatten().sort().values
        named = any(numbers.shape == other.shape and torch.allclose(numbers, other) for other in known)
        assert not cuts or named, f"{layer} is on the path, and nothing of it is named"


def test_the_names_are_those_of_the_makers() -> None:
    assert path_of(residual_network(), picture(8)) == ("0", "1", "2", "4.act", "5")
    torch.manual_seed(0)
    path = path_of(timm.create_model("test_vit", num_classes=4, img_size=32).eval(), picture())
    assert path[:3] == ("patch_embed.proj", "pos_drop", "blocks.0")
    assert not any("head" in layer or "attn" in layer for layer in path)


def test_of_several_calls_of_a_module_none_is_named_but_what_holds_it_is() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = nn.ReLU()

        def forward(self, maps: Tensor) -> Tensor:
            return self.act(self.act(maps) - 0.1)

    network = nn.Sequential(nn.Conv2d(3, 4, 1), Twice(), nn.Flatten(), nn.LazyLinear(2))
    network(torch.zeros(1, 3, 8, 8))
    assert path_of(network, picture(8)) == ("0", "1")


def test_what_is_no_row_of_a_picture_is_no_layer() -> None:
    class Windows(nn.Module):
        def forward(self, maps: Tensor) -> Tensor:
            return maps.reshape(4 * len(maps), -1) * 2

    class Together(nn.Module):
        def forward(self, rows: Tensor) -> Tensor:
            return rows.reshape(len(rows) // 4, -1) * 2

    network = nn.Sequential(nn.Conv2d(3, 4, 1), Windows(), Together(), nn.Linear(256, 2))
    assert path_of(network, picture(8)) == ("0", "2")


def test_channels_may_be_any() -> None:
    for channels in (1, 5):
        network = nn.Sequential(
            nn.Conv2d(channels, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
        )
        assert path_of(network, picture(8, channels), lambda network, images: network(images / 255)) == ("0", "1", "2")


@pytest.mark.parametrize("mode", ["argmax", "sample", "mean"])
def test_a_competing_network_has_a_path_in_every_mode_and_draws_as_before(mode: str) -> None:
    network = competing_resnet().eval()
    expected = path_of(network, picture())
    assert "act1" in expected
    assert not any("winner" in layer for layer in expected)
    with evaluating(network, mode, seed=3):  # type: ignore[arg-type]
        first = network(torch.full((1, 3, 32, 32), 0.5))
    with evaluating(network, mode, seed=3):  # type: ignore[arg-type]
        assert path_of(network, picture()) == expected
        assert torch.equal(network(torch.full((1, 3, 32, 32), 0.5)), first)


def test_switched_off_gradients_do_not_matter() -> None:
    network = residual_network().requires_grad_(False)
    with torch.inference_mode():
        assert path_of(network, picture(8)) == ("0", "1", "2", "4.act", "5")


def hooks(network: nn.Module) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in network.modules())


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, ZeroDivisionError])
def test_the_network_is_left_as_it_was(error: type[BaseException] | None) -> None:
    network = residual_network().train()
    network[0].requires_grad_(False)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()

    def forward(network: nn.Module, images: Tensor) -> Tensor:
        logits: Tensor = network(images / 255)
        if error:
            raise error
        return logits

    if error:
        with pytest.raises(error):
            path_of(network, picture(8), forward)
    else:
        path_of(network, picture(8), forward)
    assert hooks(network) == 0
    assert all(module.training for module in network.modules())
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert [parameter.requires_grad for parameter in network.parameters()][:3] == [False, False, True]
    assert all(parameter.grad is None for parameter in network.parameters())


def test_of_logits_in_another_precision_the_layer_is_left_out() -> None:
    def forward(network: nn.Module, images: Tensor) -> Tensor:
        logits: Tensor = network(images / 255)
        return logits.double() + 0

    assert path_of(residual_network(), picture(8), forward) == ("0", "1", "2", "4.act", "5")


def test_a_layer_that_gives_a_single_number_is_none_of_pictures() -> None:
    class Loss(nn.Module):
        def forward(self, maps: Tensor) -> Tensor:
            return maps.square().mean()

    class Weighed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.loss = residual_network(), Loss()

        def forward(self, images: Tensor) -> Tensor:
            logits: Tensor = self.body(images)
            return logits + 0 * self.loss(logits)

    assert path_of(Weighed(), picture(8))[:3] == ("body.0", "body.1", "body.2")


def test_pictures_may_be_given_by_name() -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.same, self.body = nn.Identity(), residual_network()

        def forward(self, *, pixels: Tensor) -> Tensor:
            logits: Tensor = self.body(self.same(pixels))
            return logits

    def forward(network: nn.Module, images: Tensor) -> Tensor:
        logits: Tensor = network(pixels=images / 255)
        return logits

    assert path_of(Named(), picture(8), forward) == tuple(f"body.{layer}" for layer in ("0", "1", "2", "4.act", "5"))


def test_what_has_no_path_is_refused() -> None:
    class Deaf(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dense = nn.Linear(4, 2)

        def forward(self, images: Tensor) -> Tensor:
            logits: Tensor = self.dense(torch.ones(len(images), 4))
            return logits

    with pytest.raises(ValueError, match="do not depend on the picture"):
        path_of(Deaf(), picture(8))
    with pytest.raises(ValueError, match="no single layer of Sequential"):
        path_of(nn.Sequential(nn.Flatten(), nn.Linear(192, 2)), picture(8))
    with pytest.raises(ValueError, match=r"gives \(2, 4, 8, 8\), wanted are logits"):
        path_of(nn.Sequential(nn.Conv2d(3, 4, 1)), picture(8), lambda network, images: network(images / 255))
    with pytest.raises(ValueError, match="cannot take pictures of 3 × 16 × 16"):
        path_of(nn.Sequential(nn.Flatten(), nn.Linear(192, 4), nn.ReLU(), nn.Linear(4, 2)), picture(16))
