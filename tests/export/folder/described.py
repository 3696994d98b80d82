"""A small description of a dissected checkpoint, and neurons that fit it."""

from __future__ import annotations

import pyarrow as pa

from rivalry.data.square import Square
from rivalry.export.folder import Configuration, DissectedLayer, Dissection, Images, StoredRecord
from rivalry.export.folder.neurons import SCHEMA

LAYERS = {"act1": DissectedLayer(4, 2, 1, False), "blocks.0.act": DissectedLayer(3, 1, 2, True)}


def configuration() -> Configuration:
    images = Images(Square(32, 0.875, "bilinear"), (0.5, 0.25, 0.125), (1.0, 0.5, 0.2))
    records = (StoredRecord("neurons", 3), StoredRecord("activity", 12))
    dissection = Dissection("0.1.0", 3, 40, ("cat", "a|b\n<i>"), LAYERS, images, records)
    arguments = {"base": "resnet18", "competitors": {"act1": 2}}
    return Configuration("lwta", 2, arguments, {"input_size": [3, 32, 32]}, dissection, {"num_features": 8})


def neurons(units: tuple[int, ...] = (0, 1, 2), layer: str = "blocks.0.act") -> pa.Table:
    columns = {column.name: pa.nulls(len(units), column.type) for column in SCHEMA}
    return pa.table({**columns, "layer": [layer] * len(units), "unit": pa.array(units, pa.int64())}, schema=SCHEMA)
