"""Blocks are found in every kind of vision transformer, and nothing else is taken for one."""

from typing import Any

import open_clip
import pytest
import timm
import torchvision
from torch import Tensor, nn

from rivalry.artefacts.registers.blocks import blocks_before, find_blocks, resolve_blocks, settle_layout
from rivalry.recording.grid import Tokens
from rivalry.training.sources import ImageTower
from tests.artefacts.registers.planted import Scenes, hooks_of, small_vit


def tower() -> nn.Module:
    visual = open_clip.transformer.VisionTransformer(32, 8, 16, 2, 2, 2.0, output_dim=4)
    return ImageTower(visual, 3, 4)


def test_of_every_source() -> None:
    assert find_blocks(small_vit()) == tuple(f"blocks.{number}" for number in range(4))
    vision = torchvision.models.VisionTransformer(32, 8, 2, 2, 16, 32)
    assert find_blocks(vision) == ("encoder.layers.encoder_layer_0", "encoder.layers.encoder_layer_1")
    assert find_blocks(tower()) == ("visual.transformer.resblocks.0", "visual.transformer.resblocks.1")
    assert resolve_blocks(small_vit(), ["blocks.[23]"]) == ("blocks.2", "blocks.3")


@pytest.mark.parametrize(
    ("size", "arguments", "expected"),
    [
        ((40, 40), {}, Tokens(True, 0, 5, 5)),
        ((40, 40), {"reg_tokens": 4}, Tokens(True, 4, 5, 5)),
        ((40, 40), {"class_token": False, "reg_tokens": 4, "global_pool": "avg"}, Tokens(False, 4, 5, 5)),
        ((40, 40), {"class_token": False, "global_pool": "avg"}, Tokens(False, 0, 5, 5)),
        ((32, 56), {"reg_tokens": 1}, Tokens(True, 1, 4, 7)),
        ((56, 32), {}, Tokens(True, 0, 7, 4)),
    ],
)
def test_registers_class_token_and_grid_are_told(
    size: tuple[int, int], arguments: dict[str, Any], expected: Tokens
) -> None:
    network = small_vit(size=size, **arguments)
    network.train()
    assert settle_layout(network, find_blocks(network), Scenes(2, size=size)) == expected
    assert network.training
    assert hooks_of(network) == 0


def test_a_published_register_network_without_class_token() -> None:
    network = timm.create_model("vit_little_patch16_reg4_gap_256", depth=1, img_size=64)
    assert settle_layout(network, find_blocks(network), Scenes(1, size=(64, 64))) == Tokens(False, 4, 4, 4)


def test_a_cnn_is_refused_with_one_clear_error() -> None:
    with pytest.raises(ValueError, match=r"registers are tokens of a vision transformer, and ResNet has no blocks"):
        find_blocks(timm.create_model("resnet18"))


def test_maps_are_no_tokens() -> None:
    cnn = timm.create_model("test_resnet")
    with pytest.raises(ValueError, match="layer2 gives maps, as a CNN's layers do: shape"):
        settle_layout(cnn, ["layer2"], Scenes(1))
    blocky = timm.create_model("test_efficientnet")  # a CNN that calls its stages blocks
    with pytest.raises(ValueError, match=r"blocks\.0 gives maps"):
        settle_layout(blocky, find_blocks(blocky), Scenes(1))


def test_layers_of_other_tokens_and_pictures_of_another_size_are_refused() -> None:
    network = small_vit()
    with pytest.raises(ValueError, match="does not take the probe set's pictures, of 24×24 px"):
        settle_layout(network, find_blocks(network), Scenes(1, size=(24, 24)))
    with pytest.raises(ValueError, match=r"head gives no tokens: shape \(1, 2\)"):
        settle_layout(network, ["blocks.0", "head"], Scenes(1))
    with pytest.raises(ValueError, match="25 tokens behind 1 others do not lie on a grid"):
        settle_layout(network, ["patch_embed", "blocks.0"], Scenes(1))


class Pyramid(nn.Module):
    """Tokens of 8 px, then of 16 px."""

    def __init__(self) -> None:
        super().__init__()
        self.fine, self.coarse = nn.Conv2d(3, 4, 8, 8), nn.Conv2d(4, 4, 2, 2)
        self.first, self.second = nn.Identity(), nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        maps = self.fine(images)
        tokens = self.first(maps.flatten(2).transpose(1, 2)), self.second(self.coarse(maps).flatten(2).transpose(1, 2))
        return tokens[0].mean(1) + tokens[1].mean(1)


def test_layers_must_have_the_same_tokens() -> None:
    with pytest.raises(ValueError, match="must have the same tokens to be compared: first has 16 and second 4"):
        settle_layout(Pyramid(), ["first", "second"], Scenes(1, size=(32, 32)))
    assert settle_layout(Pyramid(), ["second"], Scenes(1, size=(32, 32))) == Tokens(False, 0, 2, 2)


def test_only_blocks_have_blocks_before_them() -> None:
    network = timm.create_model("vit_tiny_patch16_224", depth=3)
    assert blocks_before(network, "blocks.2") == ("blocks.0", "blocks.1")
    assert blocks_before(network, "blocks.2.mlp") == ()
    assert blocks_before(nn.Sequential(nn.Linear(2, 2)), "0") == ()
