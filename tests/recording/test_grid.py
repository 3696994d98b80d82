"""Tokens find their places again, whatever stands before them and whatever shape the picture has."""

from __future__ import annotations

import pytest
import timm
import torch
from torch import nn

from rivalry.recording.grid import Tokens, feature_map, token_layout


def vit(**arguments: object) -> nn.Module:
    return timm.create_model(
        "vit_tiny_patch16_224", **{"patch_size": 16, "embed_dim": 12, "depth": 1, "num_heads": 2, **arguments}
    )


@pytest.mark.parametrize(
    ("arguments", "tokens", "expected"),
    [
        ({"img_size": 64}, 17, Tokens(True, 0, 4, 4)),
        ({"img_size": 64, "reg_tokens": 4}, 21, Tokens(True, 4, 4, 4)),
        ({"img_size": 64, "reg_tokens": 4, "class_token": False, "global_pool": "avg"}, 20, Tokens(False, 4, 4, 4)),
        ({"img_size": 64, "class_token": False, "global_pool": "avg"}, 16, Tokens(False, 0, 4, 4)),
        ({"img_size": (32, 64)}, 9, Tokens(True, 0, 2, 4)),
        # Nine before the patches make 5 × 5: the network's word must count, not the largest square.
        ({"img_size": 64, "reg_tokens": 8}, 25, Tokens(True, 8, 4, 4)),
    ],
)
def test_the_tokens_of_timms_transformers(arguments: dict[str, object], tokens: int, expected: Tokens) -> None:
    network = vit(**arguments).eval()
    size = arguments["img_size"] if isinstance(arguments["img_size"], tuple) else (64, 64)
    heard = network.blocks(network.norm_pre(network._pos_embed(network.patch_embed(torch.zeros(1, 3, *size)))))
    assert heard.shape[1] == tokens
    assert token_layout(network, tokens, size) == expected


@pytest.mark.parametrize(
    ("tokens", "size", "expected"),
    [
        (50, (224, 224), Tokens(True, 0, 7, 7)),
        (49, (224, 224), Tokens(False, 0, 7, 7)),
        (5 + 256, (224, 224), Tokens(True, 4, 16, 16)),
        (1 + 11 * 15, (180, 240), Tokens(True, 0, 11, 15)),
    ],
)
def test_tokens_of_networks_that_say_nothing(tokens: int, size: tuple[int, int], expected: Tokens) -> None:
    layout = token_layout(nn.Identity(), tokens, size)
    assert layout == expected
    assert layout.count == tokens


def test_a_second_token_before_the_patches_is_no_place() -> None:
    network = timm.create_model("deit_tiny_distilled_patch16_224", img_size=64, depth=1)
    assert token_layout(network, 2 + 16, (64, 64)) == Tokens(True, 1, 4, 4)
    assert feature_map(network, torch.zeros(1, 18, 192), (64, 64), 2).shape == (1, 192, 4, 4)


def test_tokens_that_cover_no_picture_are_refused() -> None:
    with pytest.raises(ValueError, match="19 tokens behind 1 others do not lie on a grid of square patches of 64 × 64"):
        token_layout(vit(img_size=64), 19, (64, 64))


@pytest.mark.parametrize("prefix", [0, 1, 5])
def test_tokens_and_maps_of_either_order_become_the_same_map(prefix: int) -> None:
    network = vit(img_size=(32, 64), reg_tokens=max(prefix - 1, 0), class_token=prefix > 0, global_pool="avg")
    wanted = torch.randn(3, 12, 2, 4)
    tokens = torch.cat([torch.zeros(3, prefix, 12), wanted.flatten(2).mT], 1)
    assert torch.equal(feature_map(network, tokens, (32, 64), 2), wanted)
    assert torch.equal(feature_map(network, tokens.mT, (32, 64), 1), wanted)
    assert torch.equal(feature_map(network, wanted, (32, 64), 1), wanted)
    assert torch.equal(feature_map(network, wanted.movedim(1, 3), (32, 64), 3), wanted)


def test_a_layer_without_places_is_refused() -> None:
    with pytest.raises(ValueError, match=r"got shape \(2, 12\): tap a layer that still has places"):
        feature_map(nn.Identity(), torch.zeros(2, 12), (32, 32), 1)
