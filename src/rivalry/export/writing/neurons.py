"""The rows of ``neurons.parquet``, from the records of the dissections, and since when each unit has had its label.

With L_t(u) the label of unit u in the record of epoch t, the last of which is T:

    first_epoch(u) = min {t : L_s(u) = L_T(u) for all records s of t … T}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rivalry.dissection.emergence import labels_in, names_units, way_of_naming
from rivalry.export.folder.neurons import SCHEMA
from rivalry.export.writing.records import FoundRecord
from rivalry.recording.directions import MARK
from rivalry.records import Record, find_records

_FOUND = ("score", "runner_up", "margin", "wins", "win_rate", "mean", "top_images")
"""What every record of a dissection has beside labels; older ones lack what has come since."""


def dissections(records: Iterable[FoundRecord]) -> dict[str, FoundRecord]:
    """Of every layer of the network whose units have labels, the record that they are taken from.

    Where several have dissected a layer, that of these very weights counts, then that of the last epoch, then the first
    by name. Directions that an analysis found in a layer are no layers of the network, and stay in the records.
    """
    ranked = sorted(records, key=lambda one: (not one.same_weights, -one.header.epoch, one.header.name))
    taken: dict[str, FoundRecord] = {}
    for found in ranked:
        record = Record.load(found.folder, tables=("units",))
        if names_units(record) and set(_FOUND) <= set(record.tables["units"].column_names):
            for layer in record.tables["units"]["layer"].unique().to_pylist():
                if MARK not in layer:
                    taken.setdefault(layer, found)
    return taken


def given_axes(labelled: Mapping[str, FoundRecord]) -> dict[str, int | None]:
    """The axis of units of every dissected layer, as its record says; None where it does not."""
    told: dict[str, int | None] = {}
    for layer, found in labelled.items():
        axes = found.header.settings.get("unit_axes")
        axis = axes.get(layer) if isinstance(axes, dict) else None
        told[layer] = axis if isinstance(axis, int) else None
    return told


def neuron_table(labelled: Mapping[str, FoundRecord], order: Sequence[str]) -> pa.Table:
    """One row for every unit of every dissected layer.

    Args:
        labelled: The record of every layer, of :func:`dissections`.
        order: The layers, as the network has them.
    """
    units = {found.folder: _units_of(found) for found in labelled.values()}
    tables = [_of_layer(units[labelled[layer].folder], layer) for layer in order if layer in labelled]
    return pa.concat_tables([SCHEMA.empty_table(), *tables])


def _units_of(found: FoundRecord) -> pa.Table:
    """A record's units in our columns, with the first epochs of their labels."""
    table = Record.load(found.folder, tables=("units",)).tables["units"]
    columns = {column.name: table[column.name] for column in SCHEMA if column.name in table.column_names}
    columns["first_epoch"] = _first_epochs(found, table)
    for column in SCHEMA:
        if column.name not in columns:
            columns[column.name] = pa.nulls(table.num_rows, column.type)
    return pa.table(columns).select(SCHEMA.names).cast(SCHEMA)


def _of_layer(units: pa.Table, layer: str) -> pa.Table:
    return units.filter(pc.equal(units["layer"], layer)).sort_by("unit")


def _first_epochs(found: FoundRecord, last: pa.Table) -> pa.Array:
    """Null for dead units, and for all where no earlier epoch was dissected in the same way."""
    since = np.zeros(last.num_rows, np.int64)
    before: pa.ChunkedArray | None = None
    compared = False
    for folder in find_records(found.root, found.header.name, before=found.header.epoch + 1):
        labels = _labels_in(folder, found.header, last)
        if labels is None:
            continue
        changed = True if before is None else pc.not_equal(before, labels).to_numpy()
        compared = before is not None
        since[changed] = Record.load(folder, tables=()).epoch
        before = labels
    return pa.array(since, pa.int64(), mask=last["dead"].to_numpy() if compared else np.ones(last.num_rows, bool))


def _labels_in(folder: Path, last: Record, units: pa.Table) -> pa.ChunkedArray | None:
    """Labels of an epoch if they can be compared: found in the same way, of the same units in the same order."""
    record = labels_in(folder)
    if way_of_naming(record) != way_of_naming(last) or not names_units(record):
        return None
    table, keys = record.tables["units"], ["layer", "unit"]
    return table["label"].fill_null("") if table.select(keys).equals(units.select(keys)) else None
