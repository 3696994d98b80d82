"""``neurons.parquet``: one row for every unit of every dissected layer, with its label and how good that is.

The columns are those of :func:`rivalry.dissection.unit_table.unit_table`, always all of them (null where nobody
judged), and ``first_epoch``: the first epoch from which on the unit has had its label without a break.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from rivalry.export.folder.dissection import DissectedLayer

SCHEMA = pa.schema(
    {
        "layer": pa.string(),
        "unit": pa.int64(),
        "label": pa.string(),
        "score": pa.float64(),
        "runner_up": pa.string(),
        "margin": pa.float64(),
        "wins": pa.int64(),
        "win_rate": pa.float64(),
        "mean": pa.float64(),
        "dead": pa.bool_(),
        "top_images": pa.list_(pa.int64()),
        "first_epoch": pa.int64(),
        "clarity": pa.float64(),
        "redundancy": pa.float64(),
        "polysemanticity": pa.float64(),
        "monosemanticity": pa.float64(),
        "true_concept": pa.string(),
        "pearson": pa.float64(),
        "auprc": pa.float64(),
        "iou": pa.float64(),
        "label_pearson": pa.float64(),
        "label_auprc": pa.float64(),
        "label_iou": pa.float64(),
        "confirmed": pa.bool_(),
    }
)
"""Columns, in their order. A dead unit has an empty label."""


def check_neurons(neurons: pa.Table, layers: Mapping[str, DissectedLayer]) -> None:
    """Refuse a table that does not have every unit of every dissected layer once, and no other.

    Args:
        neurons: The table.
        layers: Those of ``config.json``.

    Raises:
        ValueError: For other columns, a layer that is not dissected, a unit that the layer has not, one that is there
            twice or not at all.
    """
    _check_columns(neurons.schema)
    wanted = {name: layer.units for name, layer in layers.items() if layer.dissected}
    found = neurons.column("layer").unique().to_pylist()
    if strange := [name for name in found if name not in wanted]:
        known = ", ".join(wanted) or "none"
        raise ValueError(f"neurons.parquet speaks of layer {strange[0]!r}, which is not dissected; those are {known}")
    for name, units in wanted.items():
        _check_units(name, units, neurons.filter(pc.equal(neurons["layer"], name))["unit"])


def _check_columns(schema: pa.Schema) -> None:
    for column in SCHEMA:
        if schema.names.count(column.name) != 1:
            raise ValueError(f"neurons.parquet has column {column.name!r} {schema.names.count(column.name)} times")
        if (kind := schema.field(column.name).type) != column.type:
            raise ValueError(f"neurons.parquet: column {column.name!r} is of type {column.type}; given {kind}")
    if strange := [name for name in schema.names if name not in SCHEMA.names]:
        raise ValueError(f"neurons.parquet has a column {strange[0]!r}, which is none of ours")


def _check_units(layer: str, units: int, found: pa.ChunkedArray) -> None:
    if found.null_count:
        raise ValueError(f"neurons.parquet has a row of layer {layer!r} without a unit")
    if len(found) and not 0 <= pc.min(found).as_py() <= pc.max(found).as_py() < units:
        numbers = [unit for unit in found.to_pylist() if not 0 <= unit < units]
        raise ValueError(f"neurons.parquet speaks of unit {numbers[0]} of layer {layer!r}, which has {units} units")
    if len(found.unique()) != len(found):
        raise ValueError(f"neurons.parquet has a unit of layer {layer!r} twice")
    if len(found) != units:
        raise ValueError(f"neurons.parquet has {len(found)} of the {units} units of layer {layer!r}")
