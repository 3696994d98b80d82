"""The natural pictures beside units, out of a table of millions: of a batch of units only their own rows are read.

The table is sorted by layer and unit, and lies in groups of rows. Where each unit's rows are is read once; of the rows
only the groups that a batch needs, and the last two are kept, for the next batch begins where this one ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rivalry.lens.site.columns import (
    BYTES,
    KEY,
    NUMBER,
    TEXT,
    WHOLE,
    Kept,
    Row,
    Types,
    UnitColumns,
    kept,
    places_of,
    tidy,
)  # fmt: skip
from rivalry.lens.site.shelf import Volume

COLUMNS: Types = (
    *KEY, ("kind", TEXT), ("rank", WHOLE), ("quantile", NUMBER), ("index", WHOLE), ("value", NUMBER), ("class", TEXT),
    ("map", BYTES), ("height", WHOLE), ("width", WHOLE),
    ("left", NUMBER), ("top", NUMBER), ("right", NUMBER), ("bottom", NUMBER),
)  # fmt: skip


@dataclass(frozen=True)
class _Index:
    """Where rows lie.

    Attributes:
        units: By layer, the unit of each of its rows, ascending.
        rows: By layer, those rows of the table.
        starts: First row of each group of rows, and the number of all.
    """

    units: Mapping[str, npt.NDArray[np.int64]]
    rows: Mapping[str, npt.NDArray[np.int64]]
    starts: npt.NDArray[np.int64]


def samples_of(volume: Volume, layer: str, units: Sequence[int]) -> dict[int, list[Row]]:
    """The rows of ``samples`` of some units of a layer, by unit, in the order of the table."""
    own = kept(volume)
    index = _index(own)
    found: dict[int, list[Row]] = {unit: [] for unit in units}
    rows = _rows_of(index, layer, np.unique(np.asarray(units, dtype=np.int64)))
    for group in np.unique(np.searchsorted(index.starts, rows, side="right") - 1).tolist():
        start, end = index.starts[group : group + 2]
        inside = rows[(rows >= start) & (rows < end)] - start
        for row in _group(own, group).take(pa.array(inside)).to_pylist():
            found[row["unit"]].append(row)
    return found


def strongest_of(volume: Volume, layer: str, units: Sequence[int], *, maps: bool) -> dict[int, Row]:
    """The row of the strongest picture of each of some units that has one; without its map, less is read and kept."""
    return (_strongest_with_maps if maps else _strongest)(kept(volume)).rows(layer, units)


@lru_cache(maxsize=2)
def _strongest_with_maps(volume: Kept) -> UnitColumns:
    return _read_strongest(volume, COLUMNS)


@lru_cache(maxsize=32)
def _strongest(volume: Kept) -> UnitColumns:
    return _read_strongest(volume, tuple((name, kind) for name, kind in COLUMNS if name != "map"))


def _read_strongest(volume: Kept, wanted: Types) -> UnitColumns:
    """Of every unit the row of its strongest picture, a group of rows at a time."""
    parts = [pa.table({name: pa.array([], kind) for name, kind in wanted})]
    if "samples" in volume.volume.columns:
        with _file(volume) as file:
            for group in range(file.num_row_groups):
                table = _tidy_group(file, group, wanted)
                strongest = pc.and_(pc.equal(table["kind"].cast(TEXT), "top"), pc.equal(table["rank"], 0))
                placed = pc.and_(pc.is_valid(table["layer"]), pc.greater_equal(table["unit"], 0))
                chosen = table.filter(pc.and_(strongest, placed))  # a null counts as false
                parts.append(pa.table({name: chosen[name].cast(kind) for name, kind in wanted}))
    found = pa.concat_tables(parts).combine_chunks()
    return UnitColumns(found, places_of(found))


def _rows_of(index: _Index, layer: str, units: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Rows of some units, ascending."""
    if layer not in index.units:
        return np.zeros(0, np.int64)
    first, last = (np.searchsorted(index.units[layer], units, side=side) for side in ("left", "right"))
    counts = last - first
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(index.rows[layer][np.repeat(first, counts) + within])


@lru_cache(maxsize=4)
def _index(volume: Kept) -> _Index:
    """Read the key of every row."""
    if "samples" not in volume.volume.columns:
        return _Index({}, {}, np.zeros(1, np.int64))
    with _file(volume) as file:
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        table = file.read(columns=["layer", "unit"])
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])
    layers, units = (tidy(table, name, kind).combine_chunks() for name, kind in KEY)
    codes = layers.indices.fill_null(-1).to_numpy()
    numbers = units.fill_null(-1).to_numpy()
    order = np.lexsort((numbers, codes))
    order = order[(codes[order] >= 0) & (numbers[order] >= 0)]
    parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1) if len(order) else []
    rows = {layers.dictionary[int(codes[part[0]])].as_py(): part for part in parts}
    return _Index({layer: numbers[part] for layer, part in rows.items()}, rows, starts)


@lru_cache(maxsize=2)
def _group(volume: Kept, group: int) -> pa.Table:
    """A group of rows, with just the wanted columns."""
    with _file(volume) as file:
        return _tidy_group(file, group, COLUMNS)


def _tidy_group(file: pq.ParquetFile, group: int, wanted: Types) -> pa.Table:
    names = set(file.schema_arrow.names)
    given = file.read_row_group(group, columns=[name for name, _ in wanted if name in names])
    return pa.table({name: tidy(given, name, kind) for name, kind in wanted})


def _file(volume: Kept) -> pq.ParquetFile:
    return pq.ParquetFile(volume.folder / "samples.parquet")
