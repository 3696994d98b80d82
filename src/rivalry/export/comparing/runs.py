"""A run as one of two that are compared: the records that it has left, and the scores in its ``metrics.csv``."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from rivalry.export.comparing.labels import NAMED
from rivalry.export.comparing.sides import Side
from rivalry.lens.drawable import has_columns
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
    naming = {name: one for name, one in records.items() if _names(one)}
    if of is not None and of not in naming:
        raise ValueError(f"no dissection {of!r} in {folder}; there are {', '.join(naming) or 'none'}")
    chosen = naming if of is None else {of: naming[of]}
    if not chosen:
        raise ValueError(f"no analysis in {folder / 'records'} names units; to compare labels takes a NeuronDissection")
    _refuse_twice(folder, chosen)
    return Side(
        name=str(folder),
        neurons=pa.concat_tables([one.tables["units"].select(list(NAMED)) for one in chosen.values()]),
        competitors=_competitors(chosen),
        scores=_last_scores(folder / "metrics.csv"),
        pictures={},
        labels={layer: name for name, one in chosen.items() for layer in _layers(one)},
        settings={name: one.settings for name, one in records.items()},
        records=records,
    )


def _names(record: Record) -> bool:
    table = record.tables.get("units")
    return table is not None and has_columns(table, NAMED)


def _layers(record: Record) -> list[str]:
    layers: list[str] = record.tables["units"]["layer"].unique().to_pylist()
    return layers


def _refuse_twice(folder: Path, dissections: Mapping[str, Record]) -> None:
    first: dict[str, str] = {}
    for name, record in dissections.items():
        for layer in _layers(record):
            if layer in first:
                raise ValueError(
                    f"{first[layer]} and {name} in {folder} both name units of layer {layer}: choose one by --of"
                )
            first[layer] = name


def _competitors(dissections: Mapping[str, Record]) -> dict[str, int]:
    """By layer, units in a block; the settings of a record say it of layers that compete."""
    found: dict[str, int] = {}
    for record in dissections.values():
        told = record.settings.get("competitors")
        known = told if isinstance(told, dict) else {}
        for layer in _layers(record):
            count = known.get(layer, 1)
            found[layer] = count if isinstance(count, int) else 1
    return found


def _last_scores(file: Path) -> dict[str, float]:
    """Of every column of what was measured, the last value; none where there is no file."""
    if not file.is_file():
        return {}
    found: dict[str, float] = {}
    with file.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found |= {name: float(value) for name, value in row.items() if name.startswith(_MEASURED) and value}
    return dict(sorted(found.items()))
