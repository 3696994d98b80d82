"""Columns and scalars filled with numbers that could be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthetic.schemas import SCALARS, SCHEMAS

_COUNTED = ("detectors", "unique_detectors", "carrying_units", "undetectable", "unscored", "layers_with")

Places = npt.NDArray[np.integer[Any]]


def filled(kind: str, table: str, rows: int, random: np.random.Generator, /, **given: Any) -> pa.Table:
    """A table with the columns that it has; those not given are numbers from 0 to 1, small counts, now and then yes.

    Args:
        kind: Of the record.
        table: Its name.
        rows: Their number.
        random: Chance.
        given: Columns by name: arrays, or one value for all rows. ``class_`` stands for ``class``.
    """
    known = {name.removesuffix("_"): values for name, values in given.items()}
    schema = SCHEMAS[kind][table]
    if wrong := known.keys() - set(schema.names):
        raise ValueError(f"table {table!r} of {kind!r} has no column {', '.join(sorted(wrong))}")
    return pa.table({field.name: _column(field, rows, random, known) for field in schema}, schema=schema)


def named(words: Sequence[str | None], places: Places) -> pa.Array:
    """A column of words by their places."""
    return pa.array(words, pa.string()).take(pa.array(places))


def stored(files: Sequence[bytes], places: Places) -> pa.Array:
    """A column of files by their places in a pool."""
    return pa.array(files, pa.binary()).take(pa.array(places))


def lists(values: pa.Array | npt.NDArray[Any], lengths: Places) -> pa.Array:
    """A column of lists, from their values one after the other and how many each list has."""
    flat = values if isinstance(values, pa.Array) else pa.array(values)
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)), flat)


def unless(values: npt.NDArray[Any], missing: npt.NDArray[np.bool_]) -> pa.Array:
    """A column with nothing where something is missing."""
    return pa.array(values, mask=missing)


def scalars(kind: str, progress: float, random: np.random.Generator, **given: float) -> dict[str, float]:
    """All scalars of a kind; those not given grow with the training, from 0 to 1.

    Args:
        kind: Of the record.
        progress: Of the training, from 0 to 1.
        random: Chance.
        given: Those that are known.
    """
    found = {}
    for name in SCALARS[kind]:
        value = 0.15 + 0.6 * math.sqrt(progress) * random.uniform(0.7, 1.2)
        value = float(round(50 * value)) if name.startswith(_COUNTED) else value
        found[name] = float(given.get(name, 0.4 * value if name.endswith("floor") else value))
    return found


def settings(layers: Sequence[str], units_axis: int = 1, **further: Any) -> dict[str, Any]:
    """What every record says of itself, and what this one says further."""
    return {
        "layers": list(layers),
        "competitors": dict.fromkeys(layers, 4),
        "sharpness": dict.fromkeys(layers, 12.0),
        "network": "ResNet",
        "weights": "0" * 32,
        "dataset": "5e" * 32,
        "mode": "argmax",
        "seed": 0,
        "unit_axes": dict.fromkeys(layers, units_axis),
        **further,
    }


def _column(field: pa.Field, rows: int, random: np.random.Generator, known: Mapping[str, Any]) -> pa.Array:
    if field.name in known:
        values = known[field.name]
        if values is None or isinstance(values, str | bytes | bool | int | float):
            return pa.repeat(pa.scalar(values, field.type), rows)
        if isinstance(values, pa.Array):
            return values.cast(field.type)
        return pa.array(values, field.type)
    if field.type == pa.float64() or field.type == pa.float32():
        return pa.array(random.random(rows), field.type)
    if field.type == pa.int64():
        return pa.array(random.integers(0, 50, rows))
    if field.type == pa.bool_():
        return pa.array(random.random(rows) < 0.1)
    return pa.nulls(rows, field.type)
