"""Two small networks that were named by hand: as sides of a comparison, as folders, and as runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rivalry.data.square import Square
from rivalry.export.comparing import Side
from rivalry.export.folder import Configuration, DissectedLayer, Dissection, Images, Provenance, StoredRecord
from rivalry.export.folder.neurons import SCHEMA
from rivalry.export.folder.sums import write_sums
from rivalry.records import JSON, Record

Labels = Mapping[str, Sequence[str]]

FIRST: Labels = {"act1": ["sky", "sky", "car", ""], "act2": ["wheel", "roof", "roof", "roof"]}
SECOND: Labels = {"act1": ["sky", "sea", "car", "car"], "act2": ["wheel", "wheel", "roof", ""]}
MADE: dict[str, JSON] = {"dataset": "d", "vocabulary": "v", "samples": 100}


def neurons(labels: Labels, rate: float | None = 0.5) -> pa.Table:
    """A unit for every label; those without are dead. Margins grow with the number of the unit."""
    rows = [
        {
            "layer": layer,
            "unit": unit,
            "label": label,
            "dead": not label,
            "win_rate": rate if label or rate is None else 0.0,
        }
        | {"margin": (unit + 1) / 10 if label else None, "top_images": [unit]}
        for layer, names in labels.items()
        for unit, label in enumerate(names)
    ]
    return pa.Table.from_pylist([dict.fromkeys(SCHEMA.names) | row for row in rows], SCHEMA)


def bases(s1: float, s2: float) -> pa.Table:
    """Scores of the units of one layer, as the table ``bases`` of a record has them, and some that do not count."""
    row = {"layer": "act2", "basis": "natural", "policy": "beyond", "s1": s1, "s2": s2}
    return pa.Table.from_pylist([row, row | {"policy": "quantile", "s1": 99.0}, row | {"basis": "random", "s1": None}])


def side(named: Labels = FIRST, **changes: Any) -> Side:
    """What is known of a network."""
    told: dict[str, Any] = {
        "name": "relu",
        "neurons": neurons(named),
        "competitors": dict.fromkeys(named, 1),
        "scores": {"val/loss": 0.5, "val/top1": 0.75},
        "pictures": {"validation": "p"},
        "classes": ("car", "bus"),
        "labels": dict.fromkeys(named, "neurons"),
        "settings": {"neurons": MADE, "basis": MADE},
        "records": {"basis": Record("basis", 3, 60, {"s1_natural": 2.0, "stability": 0.9}, {"bases": bases(2.0, 1.5)})},
    }
    return Side(**told | changes)


def write_run(folder: Path, labels: Labels = FIRST, *, top1: float = 0.75, name: str = "neurons") -> Path:
    """A run's folder with a dissection of two epochs, of which the last counts, and metrics."""
    for epoch, found in enumerate(({layer: ["moon"] * len(names) for layer, names in labels.items()}, labels)):
        settings: dict[str, JSON] = {**MADE, "competitors": {"act2": 2}}
        scalars = {"distinct_concepts": float(len({one for names in found.values() for one in names if one}))}
        Record(name, epoch, 10 * epoch, scalars, {"units": neurons(found)}, settings=settings).save(folder / "records")
    lines = ("step,epoch,train/loss,val/top1,test/top1", "9,0,1.5,0.5,", f"19,1,0.5,{top1},", "29,2,0.25,,0.625")
    (folder / "metrics.csv").write_text("\n".join(lines) + "\n")
    return folder


def write_checkpoint(folder: Path, labels: Labels = FIRST, *, top1: float = 0.75) -> Path:
    """A dissected checkpoint's folder; its weights are not to be read."""
    Record("basis", 1, 20, {"s1_natural": 2.0}, {"bases": bases(9.0, 9.0)}, settings=MADE).save(folder / "records")
    last = Record("basis", 3, 60, {"s1_natural": 2.0}, {"bases": bases(2.0, 1.5)}, settings=MADE)
    last.save(folder / "records")
    layers = {layer: DissectedLayer(len(names), 2, 1, True) for layer, names in labels.items()}
    images = Images(Square(64, 1.0, "bilinear"), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    stored = (StoredRecord("basis", 3), StoredRecord("basis", 1))
    dissection = Dissection("0.1.0", 3, 60, ("car", "bus"), layers, images, stored)
    config = Configuration("test_resnet", 2, {}, {}, dissection, {})
    named = dict.fromkeys(labels, "neurons")
    records = {"neurons": MADE, "basis": MADE}
    data, scores = {"validation": "p"}, {"val/top1": top1}
    provenance = Provenance({}, None, "by-hand", 3, 60, "", None, {}, data, records, named, scores)
    (folder / "config.json").write_text(json.dumps(config.to_json()))
    (folder / "provenance.json").write_text(json.dumps(provenance.to_json()))
    pq.write_table(neurons(labels), folder / "neurons.parquet")
    (folder / "model.safetensors").write_bytes(b"unread")
    (folder / "README.md").write_text("# By hand\n")
    write_sums(folder)
    return folder
