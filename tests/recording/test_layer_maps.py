"""Maps of layers, and the way back."""

import pytest
import timm
import torch
from torch import nn

from rivalry.recording.hearing import hear_once
from rivalry.recording.layer_maps import LayerMaps, check_places

IMAGE = torch.randint(0, 256, (3, 32, 32), generator=torch.Generator().manual_seed(0)).byte()


def vit(registers: int = 0) -> nn.Module:
    torch.manual_seed(0)
    network: nn.Module = timm.create_model("test_vit", num_classes=4, img_size=32, reg_tokens=registers)
    return network.eval()


@pytest.mark.parametrize("registers", [0, 2])
def test_patches_go_back_to_where_they_were_and_other_tokens_stay(registers: int) -> None:
    network = vit(registers)
    maps = LayerMaps.settled(network, ["blocks.0.mlp.act"], {}, IMAGE)
    outputs = hear_once(network, ["blocks.0.mlp.act"], IMAGE)
    (layer,) = outputs
    found = maps.of(outputs, (32, 32))[layer]
    assert torch.equal(maps.into(layer, outputs[layer], found), outputs[layer])
    changed = maps.into(layer, outputs[layer], found + 1)
    assert torch.equal(changed[:, : 1 + registers], outputs[layer][:, : 1 + registers])
    assert torch.equal(changed[:, 1 + registers :], outputs[layer][:, 1 + registers :] + 1)


def test_a_class_token_is_a_map_of_one_place() -> None:
    network = vit()
    maps = LayerMaps.settled(network, ["blocks.1"], {}, IMAGE, places="class_token")
    outputs = hear_once(network, ["blocks.1"], IMAGE)
    token = maps.of(outputs, (32, 32))["blocks.1"]
    assert maps.shapes["blocks.1"][1:] == (1, 1)
    assert torch.equal(token[:, :, 0, 0], outputs["blocks.1"][:, 0])
    changed = maps.into("blocks.1", outputs["blocks.1"], torch.zeros_like(token))
    assert not changed[:, 0].any()
    assert torch.equal(changed[:, 1:], outputs["blocks.1"][:, 1:])


def test_maps_and_vectors_go_back_too() -> None:
    torch.manual_seed(0)
    network = timm.create_model("test_resnet", num_classes=4).eval()
    layers = ["layer1.0.act2", "global_pool"]
    maps = LayerMaps.settled(network, layers, {}, IMAGE, vectors=True)
    outputs = hear_once(network, layers, IMAGE)
    for layer, found in maps.of(outputs, (32, 32)).items():
        assert found.ndim == 4
        assert torch.equal(maps.into(layer, outputs[layer], found), outputs[layer])


def test_what_has_no_places_is_refused_unless_vectors_will_do() -> None:
    torch.manual_seed(0)
    network = timm.create_model("test_resnet", num_classes=4).eval()
    with pytest.raises(ValueError, match="'global_pool' does not lie on the pictures"):
        LayerMaps.settled(network, ["global_pool"], {}, IMAGE)
    with pytest.raises(ValueError, match="class token is wanted"):
        LayerMaps.settled(network, ["layer1.0.act2"], {}, IMAGE, places="class_token")


def test_places_are_called_by_name() -> None:
    with pytest.raises(ValueError, match="'position'; nearest: positions"):
        check_places("position")
