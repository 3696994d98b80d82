"""Values are what was asked for, of each image its own, whatever else is in the batch; gradients reach that alone."""

from __future__ import annotations

from typing import get_args

import pytest
import timm
import torch
from torch import Tensor

from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.objectives.values import Reading, Readout, layers_of, values
from rivalry.recording.directions import Directions
from rivalry.recording.layer_maps import LayerMaps
from rivalry.recording.live import Live

TARGETS = [
    Target("unit", 2, "late:2", "late"),
    Target("class", 1, "dog"),
    Target("direction", 3, "late@basis:3", "late@basis"),
    Target("unit", 0, "early:0", "early"),
    Target("direction", 1, "late@basis:1", "late@basis"),
    Target("class", 0, "cat"),
]


def given() -> tuple[Tensor, dict[str, Tensor], dict[str, Directions]]:
    generator = torch.Generator().manual_seed(0)
    maps = {"early": torch.randn(6, 4, 5, 3, generator=generator), "late": torch.randn(6, 7, 2, 4, generator=generator)}
    directions = Directions(torch.randn(7, 5, generator=generator), torch.randn(5, generator=generator))
    return torch.randn(6, 2, generator=generator), maps, {"late@basis": directions}


def place(maps: Tensor, reading: str) -> Tensor:
    return maps.mean() if reading == "mean" else maps[maps.shape[0] // 2, maps.shape[1] // 2]


@pytest.mark.parametrize("reading", get_args(Reading))
def test_each_image_has_the_value_of_its_own_target(reading: Reading) -> None:
    logits, maps, directions = given()
    directed = directions["late@basis"].of(maps["late"])
    wanted = [
        place(maps["late"][0, 2], reading),
        logits[1, 1],
        place(directed[2, 3], reading),
        place(maps["early"][3, 0], reading),
        place(directed[4, 1], reading),
        logits[5, 0],
    ]
    torch.testing.assert_close(values(TARGETS, logits, maps, directions, reading), torch.stack(wanted))


def test_gradients_reach_the_image_of_the_target_alone() -> None:
    logits, maps, directions = given()
    logits.requires_grad_()
    maps = {layer: one.requires_grad_() for layer, one in maps.items()}
    values(TARGETS, logits, maps, directions)[[0, 1]].sum().backward()
    assert torch.equal(maps["late"].grad[0, 2], torch.full((2, 4), 1 / 8))
    assert logits.grad.nonzero().tolist() == [[1, 1]]
    assert maps["late"].grad[1:].count_nonzero() == 0
    assert maps["early"].grad.count_nonzero() == 0


def test_the_order_of_images_does_not_matter() -> None:
    logits, maps, directions = given()
    turned = [4, 2, 0, 5, 1, 3]
    other = {layer: one[turned] for layer, one in maps.items()}
    found = values([TARGETS[row] for row in turned], logits[turned], other, directions)
    torch.testing.assert_close(found, values(TARGETS, logits, maps, directions)[turned])


def test_a_class_needs_logits() -> None:
    with pytest.raises(ValueError, match="its logit, and the network was run without"):
        values(TARGETS[1:2], None, {}, {})


def test_layers_are_the_networks_own() -> None:
    assert layers_of(TARGETS) == ("late", "early")


def test_an_unknown_reading_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown reading 'center'; nearest: centre"):
        Readout(reading="center")  # type: ignore[arg-type]


def test_tokens_are_read_as_maps_of_patches() -> None:
    torch.manual_seed(0)
    network = timm.create_model("test_vit", num_classes=3, img_size=64).eval()
    images = torch.rand(2, 3, 64, 64)
    maps = LayerMaps.settled(network, ["blocks.0"], {}, (255 * images[0]).to(torch.uint8))
    target = Target("unit", 5, "blocks.0:5", "blocks.0")
    with torch.no_grad(), Live(network, ["blocks.0"], logits=False) as live:
        heard = live(255 * images)
        found = Readout(maps).values([target] * 2, heard, (64, 64))
    tokens = heard.outputs["blocks.0"][:, network.num_prefix_tokens :, 5]
    torch.testing.assert_close(found, tokens.mean(1))
