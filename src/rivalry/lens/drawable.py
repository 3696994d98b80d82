"""What a record must hold for a figure to be drawn of it: a user's own analysis may call its tables as ours do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from rivalry.records import Picture, Record

_DISSECTED = {"layer": pa.string(), "unit": pa.int64(), "label": pa.string(), "runner_up": pa.string()}
_DISSECTED |= {"margin": pa.float64()}
_JUDGED = {"confirmed": pa.bool_(), "true_concept": pa.string()}
_RATED = {"layer": pa.string(), "win_rate": pa.float64()}
_COMPETING = {"layer": pa.string(), "competitors": pa.int64(), "winner_entropy": pa.float64()}
_FOLLOWED = {"epoch": pa.int64(), "distinct_concepts": pa.int64(), "labels_unchanged": pa.float64()}
_STREAMS = {"epoch": pa.int64(), "concept": pa.string(), "units": pa.int64()}
_CONCEPTS = {"concept": pa.string()}


def shows_neurons(record: Record) -> bool:
    """Whether a record holds labelled units, one alive at least, and a mosaic of their top images."""
    table, layout = record.tables.get("units"), _mapping(record.settings.get("top_images"))
    wanted = {"units", "dead_units", "distinct_concepts"}
    if "confirmed" in record.scalars:
        wanted |= {"confirmed_floor"}
    if table is None or not wanted <= record.scalars.keys() or not has_columns(table, _DISSECTED):
        return False
    if "confirmed" in table.column_names and not has_columns(table, _JUDGED):
        return False
    return _fits(record, layout) and _listed(table, layout["rows"])


def shows_activity(record: Record) -> bool:
    """Whether a record holds the win rate of every unit of its layers."""
    units, layers = record.tables.get("units"), record.tables.get("layers")
    if not {"active_fraction", "dead_units", "negative_share"} <= record.scalars.keys():
        return False
    if units is None or layers is None or not has_columns(units, _RATED) or not has_columns(layers, _COMPETING):
        return False
    rates = units["win_rate"].to_pylist()
    names = layers["layer"].to_pylist()
    if not names or len(set(names)) < len(names) or set(units["layer"].to_pylist()) != set(names):
        return False
    pairs = zip(layers["competitors"].to_pylist(), layers["winner_entropy"].to_pylist(), strict=True)
    known = all(count is not None and (count < 2 or entropy is not None) for count, entropy in pairs)
    return known and all(rate is not None and 0 <= rate <= 1 for rate in rates)


def shows_emergence(record: Record) -> bool:
    """Whether a record holds streams of concepts over two epochs or more."""
    tables = [record.tables.get(name) for name in ("epochs", "streams", "concepts")]
    if not {"distinct_concepts", "new_concepts", "lost_concepts", "labels_unchanged"} <= record.scalars.keys():
        return False
    wanted = (_FOLLOWED, _STREAMS, _CONCEPTS)
    if not all(
        table is not None and has_columns(table, columns) for table, columns in zip(tables, wanted, strict=True)
    ):
        return False
    epochs = record.tables["epochs"]["epoch"].to_pylist()
    counts = record.tables["epochs"]["distinct_concepts"].to_pylist()
    if len(epochs) < 2 or None in (*epochs, *counts) or epochs != sorted(set(epochs)):
        return False
    streams, concepts = record.tables["streams"].to_pylist(), record.tables["concepts"]["concept"].to_pylist()
    shares = [share for share in record.tables["epochs"]["labels_unchanged"].to_pylist() if share is not None]
    if not streams or len(set(concepts)) < len(concepts) or not all(0 <= share <= 1 for share in shares):
        return False
    named = {row["concept"] for row in streams}
    counted = all(row["units"] is not None and row["units"] > 0 and row["epoch"] in epochs for row in streams)
    return counted and None not in named and named <= set(concepts)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def has_columns(table: pa.Table, columns: Mapping[str, pa.DataType]) -> bool:
    """Whether a table has columns of these names and types, and no two of one name."""
    names = table.column_names
    if len(set(names)) < len(names):
        return False
    return all(name in names and table.schema.field(name).type == kind for name, kind in columns.items())


def fits_mosaic(sheet: Picture | None, counts: tuple[Any, Any], size: tuple[Any, Any], gap: Any) -> bool:
    """Whether these are whole numbers of rows and columns, sizes of a tile and a gap, and a mosaic is as large."""
    numbers = (*counts, *size, gap)
    if sheet is None or not all(type(number) is int for number in numbers) or min(*counts, *size, gap + 1) < 1:
        return False
    return sheet.shape[:2] == tuple(count * (side + gap) - gap for count, side in zip(counts, size, strict=True))


def _fits(record: Record, layout: Mapping[str, Any]) -> bool:
    """Whether a layout is whole, and the mosaic is as large as it says."""
    rows, side = layout.get("rows"), layout.get("side")
    if not isinstance(rows, list):
        return False
    counts = (len(rows), layout.get("columns"))
    return fits_mosaic(record.images.get("top_images"), counts, (side, side), layout.get("gap"))


def _listed(table: pa.Table, rows: Iterable[Any]) -> bool:
    """Whether every row of the mosaic is a unit of the table that lives."""
    margins: dict[tuple[Any, ...], float | None] = {
        (unit["layer"], unit["unit"]): unit["margin"]
        for unit in table.to_pylist()
        if unit["label"] is not None and unit["runner_up"] is not None
    }
    for row in rows:
        place = _mapping(row).get("layer"), _mapping(row).get("unit")
        if [type(part) for part in place] != [str, int]:
            return False
        margin = margins.get(place)
        if margin is None or not math.isfinite(margin):
            return False
    return True
