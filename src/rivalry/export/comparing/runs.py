"""A run as one of two that are compared: the records that it has left, and the scores in its ``metrics.csv``."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rivalry.export.comparing.labels import NAMED
from rivalry.export.comparing.sides import Side
from rivalry.lens.drawable import has_columns
from rivalry.recording.directions import MARK
from rivalry.records import Record, find_records

_MEASURED = ("val/", "test/")


def read_run(folder: Path, of: str | None = None) -> Side:
    """What is known of a run: its last records, and the last values of what was measured.

    Args:
        folder: The run's, or one that `rivalry analyze --out` has filled.
        of: Name of the dissection whose labels are compared; needed where several name units of one layer.

    Raises:
        ValueError: If it has no records, none that names units, or several that name units of one layer and no ``of``.
    """
    last = {found.name: found for found in find_records(folder / "records")}
    records = {name: Record.load(found, tables=("units", "bases")) for name, found in last.items()}
    naming = {name: units for name, one in records.items() if (units := _named_units(one)).num_rows}
    if of is not None and of not in naming:
        raise ValueError(f"no dissection {of!r} in {folder}; there are {', '.join(naming) or 'none'}")
    chosen = naming if of is None else {of: naming[of]}
    if not chosen:
        raise ValueError(f"no analysis in {folder / 'records'} names units; to compare labels takes a NeuronDissection")
    labels = _sources(folder, chosen)
    return Side(
        name=str(folder),
        neurons=pa.concat_tables(chosen.values()),
        competitors={layer: _competitors(records[name], layer) for layer, name in labels.items()},
        scores=_last_scores(folder / "metrics.csv"),
        pictures={},
        classes=(),
        labels=labels,
        settings={name: one.settings for name, one in records.items()},
        records=records,
    )


def _named_units(record: Record) -> pa.Table:
    """The units of layers that a record names; directions that an analysis has found in a layer are none of its own."""
    table = record.tables.get("units")
    if table is None or not has_columns(table, NAMED):
        return pa.schema(NAMED).empty_table()
    return table.select(list(NAMED)).filter(pc.invert(pc.match_substring(table["layer"], MARK)))


def _sources(folder: Path, dissections: Mapping[str, pa.Table]) -> dict[str, str]:
    """By layer, the dissection that has named its units."""
    found: dict[str, str] = {}
    for name, units in dissections.items():
        for layer in pc.unique(units["layer"]).to_pylist():
            if layer in found:
                raise ValueError(
                    f"{found[layer]} and {name} in {folder} both name units of layer {layer}: choose one by --of"
                )
            found[layer] = name
    return found


def _competitors(record: Record, layer: str) -> int:
    """Units in a block; the settings of a record say it of layers that compete."""
    told = record.settings.get("competitors")
    count = told.get(layer, 1) if isinstance(told, dict) else 1
    return count if isinstance(count, int) else 1


def _last_scores(file: Path) -> dict[str, float]:
    """Of every column of what was measured, the last value; none where there is no file."""
    if not file.is_file():
        return {}
    found: dict[str, float] = {}
    with file.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found |= {name: float(value) for name, value in row.items() if name.startswith(_MEASURED) and value}
    return dict(sorted(found.items()))
