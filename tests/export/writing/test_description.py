"""How networks are written down so that timm builds them again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import timm
import torch

import rivalry
from rivalry.export.writing.contents import gather
from rivalry.export.writing.verification import verify
from rivalry.export.writing.write import write
from rivalry.lwta import competitions
from rivalry.training.settings import Backbone
from tests.export.writing.sources import source_of

VIT: dict[str, Any] = {"name": "test_vit", "side": 16, "arguments": {"img_size": 16, "patch_size": 8}}


@pytest.mark.parametrize(
    ("settings", "architecture"),
    [
        ({"competitors": 2}, "lwta"),
        ({"competitors": {"act1": 4, "layer4*": 2}, "where": ["act1", "layer4*"]}, "lwta"),
        ({"competitors": 1}, "test_resnet"),
        ({"name": "test_resnet.r160_in1k", "competitors": 1}, "test_resnet"),
        ({**VIT, "competitors": 4}, "lwta"),
        ({**VIT, "competitors": 1}, "test_vit"),
        ({"name": "cifar_resnet20", "competitors": 1}, "cifar_resnet20"),
        pytest.param({"name": "torchvision:resnet18", "competitors": 2}, "lwta", marks=pytest.mark.slow),
        pytest.param({"name": "torchvision:resnet18", "competitors": 1}, "lwta", marks=pytest.mark.slow),
    ],
)
def test_every_kind_of_network_comes_back_bit_by_bit(
    tmp_path: Path, settings: dict[str, Any], architecture: str
) -> None:
    source = source_of(tmp_path / "run", **settings)
    contents = gather(source)
    write(contents, tmp_path / "out", finish=lambda draft: None)
    assert verify(tmp_path / "out", contents, source) in (7, 8)
    assert json.loads((tmp_path / "out" / "config.json").read_text())["architecture"] == architecture
    loaded = rivalry.load(tmp_path / "out")
    wanted = {name: layer.competitors for name, layer in competitions(contents.network).items()}
    assert {name: layer.competitors for name, layer in competitions(loaded.network).items()} == wanted
    images = torch.randint(0, 256, (3, 3, loaded.size, loaded.size), dtype=torch.uint8)
    alone = timm.create_model(f"local-dir:{tmp_path / 'out'}", pretrained=True).eval()
    assert torch.equal(alone(loaded.normalise(images)), loaded.logits(images))


def test_competitors_stand_by_layer(tmp_path: Path) -> None:
    source = source_of(tmp_path, competitors={"act1": 4, "layer4*": 2}, where=["act1", "layer4*"])
    told = gather(source).configuration.model_args
    assert told["competitors"] == {"act1": 4, "layer4.0.act1": 2, "layer4.0.act2": 2}
    assert told["where"] == list(told["competitors"])
    assert (told["base"], told["evaluation_mode"], told["num_classes"]) == ("test_resnet", "argmax", 2)


def test_a_network_of_timm_s_needs_nothing_of_ours(tmp_path: Path) -> None:
    told = gather(source_of(tmp_path, competitors=1, arguments={"drop_path_rate": 0.1})).configuration.to_json()
    assert told["model_args"] == {"num_classes": 2, "drop_path_rate": 0.1}
    assert told["pretrained_cfg"]["input_size"] == [3, 8, 8]
    assert not told["pretrained_cfg"].keys() & {"url", "hf_hub_id", "file", "source", "license", "tag"}


def test_a_dissected_checkpoint_trained_further_is_described_by_its_own_base(tmp_path: Path) -> None:
    write(gather(source_of(tmp_path, competitors=2)), tmp_path / "out", finish=lambda draft: None)
    again = source_of(tmp_path, f"local-dir:{tmp_path / 'out'}", competitors=1)
    contents = gather(again)
    assert contents.configuration.model_args["base"] == "test_resnet"
    assert len(contents.configuration.model_args["competitors"]) == 12


def test_layers_say_their_units_blocks_and_axes(tmp_path: Path) -> None:
    layers = gather(source_of(tmp_path, competitors={"act1": 4}, where="act1")).configuration.dissection.layers
    assert {name: vars(layer) for name, layer in layers.items()} == {
        "act1": {"units": 32, "competitors": 4, "axis": 1, "dissected": False}
    }
    (layer, *_) = gather(source_of(tmp_path, **VIT, competitors=4)).configuration.dissection.layers.values()
    assert (layer.competitors, layer.axis) == (4, 2)


@pytest.mark.parametrize("name", ["tests.training.networks.seven", "tests.training.networks.anything"])
def test_networks_of_one_s_own_code_are_refused(tmp_path: Path, name: str) -> None:
    source = source_of(tmp_path, competitors=1)
    source.target.classifier.backbone = Backbone(name)
    with pytest.raises(ValueError, match="loads without code of one's own, so its network is one of timm's"):
        gather(source)


def test_a_network_that_one_s_own_code_registered_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(tmp_path, competitors=1)
    monkeypatch.setattr(timm.models.model_entrypoint("test_resnet"), "__module__", "somebody.networks")
    with pytest.raises(ValueError, match="test_resnet is registered with timm by code of one's own"):
        gather(source)
