"""Records of a dissection, written by hand: a letter a unit."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from rivalry.export.folder.neurons import SCHEMA
from rivalry.records import Record

COLUMNS = ("layer", "unit", "label", "score", "runner_up", "margin", "wins", "win_rate", "mean", "dead", "top_images")


def units_table(layers: dict[str, str]) -> pa.Table:
    """By layer the labels of its units, a letter each; a dot is a dead unit."""
    rows = [
        {
            "layer": layer,
            "unit": unit,
            "label": letter.replace(".", ""),
            "score": 0.5,
            "runner_up": "other",
            "margin": None if letter == "." else 0.25,
            "wins": 0 if letter == "." else 3,
            "win_rate": 0.5,
            "mean": -1.0,
            "dead": letter == ".",
            "top_images": [unit, 4],
        }
        for layer, letters in layers.items()
        for unit, letter in enumerate(letters)
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([SCHEMA.field(name) for name in COLUMNS]))


def dissection(
    epoch: int, layers: dict[str, str], name: str = "neurons", *, weights: str = "", **settings: Any
) -> Record:
    told = {"layers": list(layers), "vocabulary": "v", "clip_fingerprint": "c", "weights": weights, **settings}
    return Record(name, epoch, 10 * epoch + 10, {"units": 4.0}, {"units": units_table(layers)}, settings=told)
