"""Competition in the families of timm's networks: everything runs, and of every block exactly one unit wins."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from torch import Tensor, nn

from rivalry.lwta import LWTA, competitions, sparsify
from rivalry.lwta.competition import win_mask
from rivalry.lwta.survey import example_image
from tests.lwta.families import FAMILIES, HEAD, Family, row

PAGE = Path(__file__).parents[2] / "docs" / "networks.md"
SLOW = {"Inception", "NFNet", "Res2Net", "DenseNet", "HRNet", "CAFormer", "VGG", "SE-ResNet", "ResNet, pre-activation"}
MARKED = [pytest.param(one, id=one.name, marks=pytest.mark.slow if one.name in SLOW else ()) for one in FAMILIES]


@pytest.mark.parametrize("family", MARKED)
@pytest.mark.filterwarnings("ignore:ByobNet calls activations as functions")
def test_one_unit_of_every_block_wins_forwards_and_learns_backwards(family: Family) -> None:
    torch.manual_seed(0)
    network, replaced = family.compete()
    assert [one.name for one in replaced] == list(competitions(network))
    heard = listen(network)
    network.train()(torch.randn(2, 3, family.size, family.size)).square().sum().backward()
    for one in replaced:
        ((entered, left, winners),) = heard[one.name]  # every layer ran once
        layer = network.get_submodule(one.name)
        assert isinstance(layer, LWTA)
        assert entered.shape[layer.dim] == one.units
        assert winners.numel() * family.competitors == left.numel()  # the active fraction is 1/U
        assert torch.equal(left, entered * win_mask(winners, family.competitors, layer.dim))
    assert [name for name, weight in network.named_parameters() if weight.grad is None] == []
    assert all(weight.grad.isfinite().all() for weight in network.parameters() if weight.grad is not None)
    assert row(family, network, replaced) in PAGE.read_text().splitlines()  # `python -m tests.lwta.families` prints it


@pytest.mark.parametrize(
    ("base", "competitors", "expected"),
    [
        ("resnet18", {"*": 2, "layer4.*": 16}, {"act1": 2, "layer3.1.act2": 2, "layer4.0.act1": 16}),
        ("efficientnet_b0", {"*": 4, "blocks.[56].*": 8, "bn2.act": 1}, {"bn1.act": 4, "blocks.5.0.bn1.act": 8}),
        ("regnetx_002", {"s[34].*": 8}, {"s3.b1.conv1.bn.act": 8, "s4.b7.act3": 8}),
        ("swin_tiny_patch4_window7_224", {"layers.0.*": 2, "layers.3.*": 24}, {"layers.3.blocks.1.mlp.act": 24}),
    ],
)
def test_competitors_by_place_through_timm(base: str, competitors: dict[str, int], expected: dict[str, int]) -> None:
    network = timm.create_model("lwta", base=base, competitors=competitors, num_classes=5)
    found = {name: layer.competitors for name, layer in competitions(network).items()}
    assert expected.items() <= found.items()
    assert set(found.values()) == set(competitors.values()) - {1}
    assert "bn2.act" not in found
    assert "act1" in found or base != "resnet18"


def test_networks_built_for_another_size_are_shown_that_size() -> None:
    network = timm.create_model("lwta", base="mixer_s32_224", competitors=2, img_size=64, num_classes=5)
    assert len(competitions(network)) == 16
    assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 5)
    assert len(competitions(timm.create_model("lwta", base="resnet18", in_chans=1))) == 17


def test_a_gated_mlp_is_silent_where_its_gate_lost() -> None:
    network = timm.create_model("eva02_tiny_patch14_224", num_classes=5, img_size=28, depth=1)
    sparsify(network, 8)
    products: list[Tensor] = []
    network.blocks[0].mlp.drop1.register_forward_hook(lambda _m, _i, y: products.append(y))
    winners = listen(network)["blocks.0.mlp.act"]
    network.eval()(torch.randn(2, 3, 28, 28))
    assert torch.equal(products[0] != 0, win_mask(winners[0][2], 8, -1))


def test_units_that_do_not_divide_are_named_in_real_families() -> None:
    network = timm.create_model("mobilenetv3_small_050")
    with pytest.raises(ValueError, match=r"blocks\.1\.0\.bn1\.act \(40 units, U = 16\).*fit every place: 2, 4, 8$"):
        sparsify(network, 16, example=example_image(network, size=64))


def test_the_page_has_a_row_for_every_family() -> None:
    rows = PAGE.read_text().partition(HEAD)[2].partition("\n\n")[0].splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == [family.name for family in FAMILIES]


def listen(network: nn.Module) -> dict[str, list[tuple[Tensor, Tensor, Tensor]]]:
    """What enters and leaves every competition, and who wins, call by call."""
    heard: dict[str, list[tuple[Tensor, Tensor, Tensor]]] = {name: [] for name in competitions(network)}
    for name, layer in competitions(network).items():
        last: list[Tensor] = []

        def note(_layer: nn.Module, inputs: tuple[Tensor], output: Tensor, name: str = name, last: list = last) -> None:
            heard[name].append((inputs[0].detach().clone(), output.detach().clone(), last.pop()))

        layer.winner.register_forward_hook(lambda _m, _i, winners, last=last: last.append(winners))
        layer.register_forward_hook(note)
    return heard
