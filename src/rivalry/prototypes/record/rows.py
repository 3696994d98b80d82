"""What is written of some targets: rows of tables by the schemas."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa

from rivalry.data.dataset import ImageDataset
from rivalry.prototypes.examples import Beside
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.record.portraits import Portraits
from rivalry.prototypes.record.schemas import TABLES
from rivalry.recording.thumbnails import png

Row: TypeAlias = dict[str, Any]

SIDE = 96
"""Pixels of a natural picture beside a target, at most."""

SILENT = "it does not answer to its prototype: no gradient found a way to it"
"""Why a prototype is none, though there is a picture."""

STEPS = 50
"""Steps of an optimisation that the table ``history`` has, at most."""


def key_of(target: Target) -> Row:
    """The columns that say what a target is."""
    return {
        "target": target.text,
        "kind": target.kind,
        "layer": target.layer,
        "unit": None if target.layer is None else target.number,
        "class": target.name if target.layer is None else target.class_name,
        "concept": target.concept,
    }


def prototype_rows(
    targets: Sequence[Target], copies: int, method: str, made: Portraits, beside: Mapping[str, Row]
) -> list[Row]:
    """A row for each prototype.

    Args:
        targets: Each once.
        copies: Of each.
        method: Which made them.
        made: The prototypes.
        beside: By target, what is known of natural pictures: ``natural_value`` and ``natural_top``.
    """
    columns = {"value": made.values, "probability": made.probabilities}
    columns |= {name: getattr(made.how, name) for name in ("steps", "restarts", "stopped")}
    known = {name: values.tolist() for name, values in columns.items()} | {"rate": made.how.rates.tolist()}
    rows = []
    for place, (target, copy) in enumerate((target, copy) for target in targets for copy in range(copies)):
        row = key_of(target) | beside[target.text] | {"copy": copy, "method": method}
        row |= {name: values[place] for name, values in known.items()} | {"start": made.starts[place]}
        row["reason"] = None if made.answered[place] else SILENT
        rows.append(row | {"picture": png(made.pictures[place]), "alpha": png(made.alpha[place])})
    return rows


def history_rows(targets: Sequence[Target], copies: int, method: str, made: Portraits) -> list[Row]:
    """A row for some steps of each prototype's optimisation, the first and the last among them."""
    history = made.how.history.tolist()
    rows = []
    for place, (target, copy) in enumerate((target, copy) for target in targets for copy in range(copies)):
        values = [value for value in history[place] if not math.isnan(value)]
        last = len(values) - 1
        kept = sorted({round(last * step / (STEPS - 1)) for step in range(STEPS)}) if values else []
        key = {"target": target.text, "copy": copy, "method": method}
        rows += [{**key, "step": step, "value": values[step]} for step in kept]
    return rows


def example_rows(
    target: Target, place: int, beside: Beside, dataset: ImageDataset, top: int, quantiles: Sequence[float]
) -> list[Row]:
    """A row for each natural picture that is shown beside a target.

    Args:
        target: The target.
        place: Its position among those that ``beside`` is of.
        beside: Natural pictures.
        dataset: Where they are read.
        top: How many of the strongest.
        quantiles: Of which there are pictures.
    """
    ranking = beside.ranking
    strongest = zip(ranking.images[place, :top].tolist(), ranking.values[place, :top].tolist(), strict=True)
    rows: list[Row] = [
        {"kind": "top", "rank": rank, "index": index, "value": value}
        for rank, (index, value) in enumerate(strongest)
        if index >= 0
    ]
    rows += [
        {"kind": "quantile", "quantile": quantile, "rank": rank, "index": index, "value": value}
        for rank, (quantile, (index, value)) in enumerate(zip(quantiles, beside.quantiles[place], strict=True))
    ]
    return [{"target": target.text, **row, "picture": png(dataset[row["index"]]["image"], SIDE)} for row in rows]


def natural_columns(place: int, beside: Beside) -> Row:
    """What natural pictures are worth to a target: the mean over its own, and the strongest."""
    ranking = beside.ranking
    top = float(ranking.values[place, 0]) if int(ranking.images[place, 0]) >= 0 else None
    return {"natural_value": float(beside.natural_value[place]), "natural_top": top}


def made_tables(rows: Mapping[str, Iterable[Row]]) -> dict[str, pa.Table]:
    """Tables by their schemas, empty where there are no rows; null where nothing is known."""
    return {
        name: pa.Table.from_pylist([_known(row) for row in rows.get(name, ())], schema)
        for name, schema in TABLES.items()
    }


def _known(row: Row) -> Row:
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
