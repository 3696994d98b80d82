"""Loading what was written: the same network, the same names, everywhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import timm
import torch
from PIL import Image
from torch import nn

import rivalry
from rivalry.export.folder.neurons import SCHEMA
from rivalry.export.folder.sums import write_sums
from rivalry.lwta import competitions
from tests.export.loading.folders import CLASSES, COMPETING_RESNET, COMPETING_VIT, change_json, write_folder

NETWORKS = [
    pytest.param("lwta", "layer4.0.act2", COMPETING_RESNET, id="competing ResNet"),
    pytest.param("test_resnet", "layer4.0.act2", {}, id="ResNet"),
    pytest.param("lwta", "blocks.1.mlp.act", COMPETING_VIT, id="competing ViT"),
    pytest.param("test_vit", "blocks.1.mlp.act", {"img_size": 64}, id="ViT"),
    pytest.param(
        "lwta",
        "layer4.1.relu.1",
        {"base": "torchvision:resnet18", "competitors": {"layer4.1.relu.1": 4}, "where": ["layer4.1.relu.1"]},
        id="competing ResNet of torchvision",
    ),
]
PICTURES = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def inputs_by_hand(pictures: torch.Tensor) -> torch.Tensor:
    """Pictures as the folders of :mod:`tests.export.loading.folders` have them normalised."""
    mean, std = (torch.tensor(one).view(1, 3, 1, 1) * 255 for one in ((0.4, 0.5, 0.6), (0.2, 0.25, 0.3)))
    return (pictures.float() - mean) / std


@pytest.mark.parametrize(("architecture", "layer", "arguments"), NETWORKS)
def test_a_network_comes_back_to_the_bit(
    architecture: str, layer: str, arguments: dict[str, Any], tmp_path: Path
) -> None:
    written = write_folder(tmp_path / "there", architecture, layer, **arguments)
    checkpoint = rivalry.load(tmp_path / "there")
    with torch.no_grad():
        wanted = written(inputs_by_hand(PICTURES))
    assert torch.equal(checkpoint.logits(PICTURES), wanted)
    assert sizes(checkpoint.network) == sizes(written)
    assert not checkpoint.network.training
    again = timm.create_model(f"local-dir:{tmp_path / 'there'}", pretrained=True).eval()
    with torch.no_grad():
        assert torch.equal(again(inputs_by_hand(PICTURES)), wanted)
    assert sizes(again) == sizes(written)


def test_a_checkpoint_tells_what_is_known(tmp_path: Path) -> None:
    write_folder(tmp_path / "there", **COMPETING_RESNET)
    checkpoint = rivalry.load(str(tmp_path / "there"))
    assert checkpoint.classes == CLASSES
    assert checkpoint.layers == ("layer4.0.act2",)
    assert checkpoint.size == 64
    assert checkpoint.neurons.filter(checkpoint.neurons["unit"].to_numpy() == 0)["label"].to_pylist() == ["wheel"]
    assert checkpoint.provenance.run == "by-hand"
    assert {layer.sharpness.item() for layer in competitions(checkpoint.network).values()} == {3.0}


def test_records_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    write_folder(tmp_path / "there", **COMPETING_RESNET)
    records = rivalry.load(tmp_path / "there").records
    (tmp_path / "there/records").rename(tmp_path / "elsewhere")
    assert list(records) == ["neurons"]
    assert "neurons" in records
    assert "bases" not in records
    with pytest.raises(ValueError, match=r"there is no record\.json"):
        records["neurons"]
    (tmp_path / "elsewhere").rename(tmp_path / "there/records")
    assert records["neurons"].scalars == {"dead": 0.5}
    assert records["neurons"] is records["neurons"]
    with pytest.raises(KeyError, match="no record is called 'neuron'; the nearest are neurons"):
        records["neuron"]


def test_a_picture_is_cut_as_the_training_cut_it(tmp_path: Path) -> None:
    write_folder(tmp_path / "there", **COMPETING_RESNET)
    checkpoint = rivalry.load(tmp_path / "there")
    Image.linear_gradient("L").resize((300, 200)).save(tmp_path / "wide.png")
    picture = checkpoint.picture(tmp_path / "wide.png")
    assert picture.shape == (3, 64, 64)
    by_hand = Image.open(tmp_path / "wide.png").convert("RGB").resize((106, 71), Image.Resampling.BILINEAR)
    by_hand = by_hand.crop((21, 4, 85, 68))
    assert picture.permute(1, 2, 0).numpy().tobytes() == by_hand.tobytes()


def test_loading_leaves_randomness_alone(tmp_path: Path) -> None:
    write_folder(tmp_path / "there", **COMPETING_RESNET)
    before = torch.get_rng_state()
    rivalry.load(tmp_path / "there")
    assert torch.equal(torch.get_rng_state(), before)


def test_a_fresh_process_loads_without_what_trains(tmp_path: Path) -> None:
    write_folder(tmp_path / "there", **COMPETING_RESNET)
    program = """
import sys, rivalry, torch
checkpoint = rivalry.load(sys.argv[1])
checkpoint.logits(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))
checkpoint.records["neurons"]
foreign = ("lightning", "pytorch_lightning", "lightning_fabric", "wandb", "open_clip", "rivalry.training")
print([name for name in sys.modules if name in foreign or name.startswith(tuple(f"{one}." for one in foreign))])
import timm.utils.summary
print(timm.utils.summary.wandb.__name__, timm.utils.summary.wandb.init.__name__, "wandb" in sys.modules)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "there")], capture_output=True, text=True, check=True
    )
    loaded, afterwards = ran.stdout.splitlines()[-2:]
    assert loaded == "[]"
    assert afterwards == "wandb init True"  # timm finds it when it needs it


def test_a_dense_network_is_called_as_in_training(tmp_path: Path) -> None:
    """Its layers have the names that they had when units were named: one for every call of an activation."""
    arguments = {"base": "torchvision:resnet18", "competitors": 1}
    write_folder(tmp_path / "there", "lwta", "layer4.1.relu.1", **arguments)
    checkpoint = rivalry.load(tmp_path / "there")
    assert isinstance(checkpoint.network.get_submodule("layer4.1.relu.1"), nn.ReLU)
    assert competitions(checkpoint.network) == {}


def test_a_network_that_nobody_dissected_loads(tmp_path: Path) -> None:
    write_folder(tmp_path / "there", "test_resnet")
    change_json(tmp_path / "there/config.json", lambda told: told["dissection"]["layers"].clear())
    pq.write_table(SCHEMA.empty_table(), tmp_path / "there/neurons.parquet")
    write_sums(tmp_path / "there")
    checkpoint = rivalry.load(tmp_path / "there")
    assert checkpoint.layers == ()
    assert len(checkpoint.neurons) == 0


def test_a_folder_that_was_moved_loads(tmp_path: Path) -> None:
    write_folder(tmp_path / "there", **COMPETING_RESNET)
    (tmp_path / "there").rename(tmp_path / "a folder with spaces")
    write_sums(tmp_path / "a folder with spaces")
    assert rivalry.load(tmp_path / "a folder with spaces").classes == CLASSES


def sizes(network: nn.Module) -> dict[str, int]:
    return {name: layer.competitors for name, layer in competitions(network).items()}
