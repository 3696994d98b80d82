"""Tables of a record as columns that are kept: what a stranger's record holds becomes what a page can count on.

A table is read once a process, with the columns that are asked for, in the types that are asked for; a column that is
missing, or of a type that cannot become the wanted one, is all null, and a number that is not finite is null. Rows are
found by layer and unit without a walk through the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rivalry.lens.site.shelf import Volume

Thing = TypeVar("Thing")
Row: TypeAlias = Mapping[str, Any]
Types: TypeAlias = tuple[tuple[str, pa.DataType], ...]
"""Wanted columns and their types, as a key of what is kept."""

TEXT, WHOLE, NUMBER, TRUTH, BYTES = pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.binary()
TEXTS, WHOLES, NUMBERS = pa.list_(TEXT), pa.list_(WHOLE), pa.list_(NUMBER)

KEY: Types = (("layer", TEXT), ("unit", WHOLE))
"""Of a table of units."""


@dataclass(frozen=True)
class UnitColumns:
    """A table of units.

    Attributes:
        table: Its rows.
        places: By layer, in the table's order: its units, ascending, and the row of each; a unit's first row counts.
    """

    table: pa.Table
    places: Mapping[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]

    def rows(self, layer: str, units: Sequence[int]) -> dict[int, Row]:
        """The rows of some units of a layer, by unit; those that it has."""
        own, places = self.places.get(layer, (_NONE, _NONE))
        wanted = np.asarray(units, dtype=np.int64)
        found = np.searchsorted(own, wanted)
        there = found < len(own)
        there[there] = own[found[there]] == wanted[there]
        rows = self.table.take(pa.array(places[found[there]])).to_pylist()
        return dict(zip(wanted[there].tolist(), rows, strict=True))

    def units(self, layer: str) -> npt.NDArray[np.int64]:
        """The units of a layer, ascending; none where it has none."""
        return self.places.get(layer, (_NONE, _NONE))[0]

    def column(self, layer: str, name: str) -> pa.ChunkedArray:
        """A column of all units of a layer, in the order of ``units``."""
        return self.table[name].take(pa.array(self.places.get(layer, (_NONE, _NONE))[1]))


@dataclass(frozen=True)
class Grouped:
    """A table whose rows are found by a word.

    Attributes:
        table: Its rows.
        places: By word, the rows that have it, in the table's order.
    """

    table: pa.Table
    places: Mapping[str, npt.NDArray[np.int64]]

    def rows(self, word: str) -> list[Row]:
        """The rows that have a word."""
        found: list[Row] = self.table.take(pa.array(self.places.get(word, _NONE))).to_pylist()
        return found


_NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Kept:
    """A volume as a key: that of another content is another, also in the same folder."""

    folder: Path
    digest: str
    volume: Volume = field(compare=False, repr=False)


class Itself(Generic[Thing]):
    """A thing as a key: this very one, whatever it holds, kept alive as long as the key is."""

    def __init__(self, thing: Thing) -> None:
        self.thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Itself) and self.thing is other.thing

    def __hash__(self) -> int:
        return id(self.thing)


def kept(volume: Volume) -> Kept:
    """A volume as the key under which its tables are kept."""
    return Kept(volume.folder, volume.digest, volume)


def columns_of(volume: Volume, name: str, wanted: Types) -> pa.Table:
    """A table with just these columns; empty where there is no such table."""
    return _columns(kept(volume), name, wanted)


def units_of(volume: Volume, wanted: Types, name: str = "units") -> UnitColumns:
    """A table of units with its keys and these columns; empty where there is no such table."""
    return _units(kept(volume), name, wanted)


def grouped_by(volume: Volume, name: str, column: str, wanted: Types) -> Grouped:
    """A table with these columns, its rows found by the words of one of them; empty where there is no such table."""
    return _grouped(kept(volume), name, column, wanted)


def layers_in(volume: Volume) -> frozenset[str]:
    """The layers of which a record has units; asked of every record of every epoch, so no more is kept of it."""
    return _layers_in(kept(volume))


@lru_cache(maxsize=4096)
def _layers_in(volume: Kept) -> frozenset[str]:
    layers = _read(volume.volume, "units", KEY[:1])["layer"].unique().drop_null().to_pylist()
    return frozenset(layers)


@lru_cache(maxsize=32)
def _grouped(volume: Kept, name: str, column: str, wanted: Types) -> Grouped:
    table = _read(volume.volume, name, wanted)
    words = table[column].combine_chunks()
    if not len(words):
        return Grouped(table, {})
    words = words if pa.types.is_dictionary(words.type) else words.dictionary_encode()
    codes = words.indices.fill_null(-1).to_numpy()
    order = np.argsort(codes, kind="stable")
    order = order[codes[order] >= 0]
    parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1) if len(order) else []
    return Grouped(table, {words.dictionary[int(codes[part[0]])].as_py(): part for part in parts})


@lru_cache(maxsize=64)
def _columns(volume: Kept, name: str, wanted: Types) -> pa.Table:
    return _read(volume.volume, name, wanted)


@lru_cache(maxsize=512)
def _units(volume: Kept, name: str, wanted: Types) -> UnitColumns:
    table = _read(volume.volume, name, KEY + wanted)
    usable = pc.and_(pc.is_valid(table["layer"]), pc.greater_equal(pc.fill_null(table["unit"], -1), 0))
    table = table.filter(usable).combine_chunks()
    return UnitColumns(table, places_of(table))


def _read(volume: Volume, name: str, wanted: Types) -> pa.Table:
    if name not in volume.columns:
        return pa.table({column: pa.array([], kind) for column, kind in wanted})
    given = volume.table(name, [column for column, _ in wanted])
    return pa.table({column: tidy(given, column, kind) for column, kind in wanted})


def places_of(table: pa.Table) -> dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """By layer, in the table's order: its units, ascending and once each, and their first rows."""
    if not len(table):
        return {}
    layers = table["layer"].combine_chunks()
    layers = layers if pa.types.is_dictionary(layers.type) else layers.dictionary_encode()
    codes, units = layers.indices.to_numpy(), table["unit"].to_numpy()
    order = np.lexsort((units, codes))
    ends = np.flatnonzero(np.diff(codes[order])) + 1
    found = {}
    for rows in np.split(order, ends):
        own, first = np.unique(units[rows], return_index=True)
        found[rows[0]] = (layers.dictionary[int(codes[rows[0]])].as_py(), own, rows[first])
    by_appearance = sorted(found.values(), key=lambda one: int(one[2].min()))
    return {layer: (own, rows) for layer, own, rows in by_appearance}


def tidy(table: pa.Table, column: str, kind: pa.DataType) -> pa.ChunkedArray:
    """A column as it is wanted: text by a dictionary, numbers finite or null; all null where it cannot be that."""
    if table.column_names.count(column) != 1:
        return pa.chunked_array([pa.nulls(len(table), kind)])
    try:
        values = _as(table[column], kind)
    except (pa.ArrowException, ValueError):
        return pa.chunked_array([pa.nulls(len(table), kind)])
    if pa.types.is_floating(kind):
        return pc.if_else(pc.is_finite(values), values, pa.scalar(None, kind))
    return values.dictionary_encode() if kind == TEXT else values


def _as(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Cast where nothing is lost: numbers do not become words, nor words numbers."""
    given = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    alike = (pa.types.is_null, _is_number, pa.types.is_boolean, _is_text, _is_bytes, pa.types.is_nested)
    if not pa.types.is_null(given) and not any(one(given) and one(kind) for one in alike):
        raise ValueError(f"a column of {given} where {kind} is wanted")
    return values if values.type == kind else values.cast(kind)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
