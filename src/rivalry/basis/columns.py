"""Columns of tables: numbers, names of concepts and places, null where nothing is known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import pyarrow as pa
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from rivalry.data.dataset import Concept

Columns: TypeAlias = dict[str, pa.Array]


def words(values: Iterable[str | None]) -> pa.Array:
    """Words, null where there is none."""
    return pa.array(list(values), pa.string())


def names(labels: Int[Tensor, " rows"] | None, concepts: Sequence[Concept], rows: int = 0) -> pa.Array:
    """Names of concepts, null where the label is −1.

    Args:
        labels: Positions among the concepts; None where no row has one.
        concepts: All of them.
        rows: How many there are where there are no labels.
    """
    given = [-1] * rows if labels is None else labels.tolist()
    return words(concepts[label].name if label >= 0 else None for label in given)


def places(values: Int[Tensor, " rows"] | None, rows: int = 0) -> pa.Array:
    """Positions, null where they are −1, or where there are none of so many rows."""
    given = [-1] * rows if values is None else values.tolist()
    return pa.array([None if value < 0 else value for value in given], pa.int64())


def numbers(values: Shaped[Tensor, " rows"] | None, rows: int = 0) -> pa.Array:
    """Numbers, null where they are NaN, or where there are none of so many rows."""
    given = [math.nan] * rows if values is None else values.tolist()
    return pa.array([known(value) for value in given], pa.float64())


def known(value: float) -> float | None:
    """A number, or None for NaN."""
    return None if math.isnan(value) else value


def mean(values: Float[Tensor, " rows"]) -> float:
    """Mean of what is known; NaN where nothing is."""
    return float(values.double().nanmean())


def joined(parts: Sequence[Columns]) -> pa.Table:
    """Tables of the same columns, one beneath the other."""
    return pa.concat_tables([pa.table(part) for part in parts])
