"""DeiT-tiny with ImageNet's weights on photographs: none as it is, and planted outliers that are found and cured."""

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision.transforms.functional import normalize

from rivalry.artefacts import RegisterProbe
from rivalry.data import ImageList, Portion
from rivalry.recording import sweep
from rivalry.records import Record

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PLACES, BLOCK, UNIT, MARKED, WRITTEN = (17, 100, 190), 2, 3, 120, 11


def deit_tiny(shared_data: Path) -> Any:
    weights = shared_data / "weights" / "deit_tiny_patch16_224.safetensors"
    return timm.create_model("deit_tiny_patch16_224", checkpoint_path=weights).eval()


def plant_in(network: Any) -> Any:
    """One unit of a block writes long tokens at three places that the table of positions marks."""
    mlp = network.blocks[BLOCK].mlp
    with torch.no_grad():
        network.pos_embed[:, [1 + place for place in PLACES], MARKED] += 12
        mlp.fc1.weight[UNIT], mlp.fc1.bias[UNIT] = 0, -6
        scale, shift = network.blocks[BLOCK].norm2.weight[MARKED], network.blocks[BLOCK].norm2.bias[MARKED]
        mlp.fc1.weight[UNIT, MARKED] = 2 / scale
        mlp.fc1.bias[UNIT] -= 2 * shift / scale
        mlp.fc2.weight[:, UNIT] = 0
        mlp.fc2.weight[WRITTEN, UNIT] = 8
    return network


def probed(network: nn.Module, shared_data: Path, count: int) -> Record:
    table = shared_data / "imagenet_sample"
    whole = ImageList(
        table / "index.csv", root=table / "images", image="file", label="class_index", names="label", size=224
    )

    def forward(heard: nn.Module, images: Tensor) -> Tensor:
        logits: Tensor = heard(normalize(images.float() / 255, MEAN, STD))
        return logits

    loader = DataLoader(Portion(whole, limit=count), batch_size=16)
    probe = RegisterProbe(images=count, sample=count, units=1)
    (record,) = sweep(network, loader, [probe], forward=forward, progress=False)
    return record


@pytest.mark.slow
@pytest.mark.data
def test_none_in_deit_tiny(shared_data: Path) -> None:
    record = probed(deit_tiny(shared_data), shared_data, 32)
    assert record.settings["verdict"] == "none"
    assert 2 < record.scalars["max_to_median"] < 3
    assert record.scalars["accuracy"] > 0.5


@pytest.mark.slow
@pytest.mark.data
def test_planted_ones_are_found_and_go_with_their_unit(shared_data: Path) -> None:
    record = probed(plant_in(deit_tiny(shared_data)), shared_data, 32)
    assert record.settings["origin_layer"] == f"blocks.{BLOCK}"
    assert [(row["layer"], row["unit"]) for row in record.tables["units"].to_pylist()] == [(f"blocks.{BLOCK}", UNIT)]
    rows = {row["layer"]: row for row in record.tables["layers"].to_pylist()}
    assert rows[f"blocks.{BLOCK}"]["outlier_fraction"] == pytest.approx(3 / 196)
    assert rows[f"blocks.{BLOCK}"]["outlier_fraction_edited"] == 0
    assert record.scalars["accuracy_edited"] > record.scalars["accuracy"] - 0.05
