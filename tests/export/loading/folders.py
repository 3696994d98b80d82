"""Dissected checkpoints written by hand, as small as they can be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from rivalry.data.square import Square
from rivalry.export.folder import Configuration, DissectedLayer, Dissection, Images, Provenance, StoredRecord
from rivalry.export.folder.neurons import SCHEMA
from rivalry.export.folder.sums import write_sums
from rivalry.lwta import competitions
from rivalry.recording.taps import Taps
from rivalry.records import Record

CLASSES = ("car", "boat", "tree")
COMPETING_RESNET = {
    "base": "test_resnet",
    "competitors": {"layer1.0.act2": 4, "layer4.0.act2": 2},
    "where": ["layer1.0.act2", "layer4.0.act2"],
    "evaluation_mode": "argmax",
    "sharpness": 3.0,
}
COMPETING_VIT = {
    "base": "test_vit",
    "competitors": {"blocks.1.mlp.act": 8},
    "where": ["blocks.1.mlp.act"],
    "img_size": 64,
}


def write_folder(folder: Path, architecture: str = "lwta", layer: str = "layer4.0.act2", **arguments: Any) -> nn.Module:
    """Write a dissected checkpoint of random weights with one dissected layer and a record; returns its network."""
    network = _random_network(architecture, arguments)
    layers = _describe_layers(network, layer)
    images = Images(Square(64, 0.9, "bilinear"), (0.4, 0.5, 0.6), (0.2, 0.25, 0.3))
    stored = (StoredRecord("neurons", 2),)
    dissection = Dissection("0.1.0", 3, 60, CLASSES, layers, images, stored)
    known = {**network.pretrained_cfg, "input_size": [3, 64, 64], "num_classes": len(CLASSES)}  # type: ignore[dict-item]
    shown = {
        key: known[key]
        for key in ("input_size", "num_classes", "classifier", "first_conv", "fixed_input_size")
        if key in known
    }
    folder.mkdir(parents=True)
    config = Configuration(architecture, len(CLASSES), arguments, shown, dissection, {})
    _write_json(folder / "config.json", config.to_json())
    provenance = Provenance({}, None, "by-hand", 3, 60, "", None, {}, {}, {}, {}, {})
    _write_json(folder / "provenance.json", provenance.to_json())
    save_file(network.state_dict(), folder / "model.safetensors")
    pq.write_table(neurons_of(layer, layers[layer].units), folder / "neurons.parquet")
    (folder / "README.md").write_text("# By hand\n")
    table = pa.table({"layer": [layer], "unit": [0]})
    Record("neurons", 2, 40, scalars={"dead": 0.5}, tables={"units": table}).save(folder / "records")
    write_sums(folder)
    return network


def change_json(file: Path, change: Callable[[dict[str, Any]], object], folder: Path | None = None) -> None:
    """Change a JSON file in place, and write the sums anew, as somebody who means harm would."""
    value = json.loads(file.read_text())
    change(value)
    _write_json(file, value)
    write_sums(folder or file.parent)


def neurons_of(layer: str, units: int) -> pa.Table:
    """A row for every unit of a layer, unit 0 called ``wheel``, nothing judged."""
    columns: dict[str, list[Any]] = {name: [None] * units for name in SCHEMA.names}
    columns |= {"layer": [layer] * units, "unit": list(range(units)), "top_images": [[1, 2]] * units}
    columns |= {"label": ["wheel"] + [""] * (units - 1), "dead": [False] + [True] * (units - 1)}
    return pa.table(columns, schema=SCHEMA)


def _random_network(architecture: str, arguments: dict[str, Any]) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network: nn.Module = timm.create_model(architecture, num_classes=len(CLASSES), **arguments).train()
        for _ in range(3):  # statistics of batches that are not those of a new network
            network(torch.randn(4, 3, 64, 64))
    return network.eval()


def _describe_layers(network: nn.Module, dissected: str) -> dict[str, DissectedLayer]:
    competing = competitions(network)
    names = [name for name, _ in network.named_modules() if name in competing or name == dissected]
    with Taps(network, names) as taps, torch.no_grad():
        network(torch.zeros(1, 3, 64, 64))
        outputs, _ = taps.take()
    described = {}
    for name in names:
        axis = 1 if outputs[name].ndim == 4 else outputs[name].ndim - 1
        competitors = competing[name].competitors if name in competing else 1
        described[name] = DissectedLayer(outputs[name].shape[axis], competitors, axis, name == dissected)
    return described


def _write_json(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, indent=2))
