"""What is said of all targets together: tables in their order, scalars, and the mosaic of prototypes."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image

from rivalry.prototypes.naturalness import NATURALNESS_LAYERS, headline, layer_rows
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.record.rows import key_of
from rivalry.prototypes.record.schemas import OURS, PROTOTYPES
from rivalry.recording.mosaic import lay_out
from rivalry.records import Picture

ROWS, SIDE = 20, 128
"""Targets in the mosaic, and pixels of a side of a prototype there, at most."""


def completed(
    tables: Mapping[str, pa.Table], targets: Sequence[Target], dead: Sequence[Target], seed: int
) -> dict[str, pa.Table]:
    """The tables of a record, from what was found of groups of targets.

    Args:
        tables: Of all groups together, by the schemas ``TABLES``.
        targets: All that were asked for, in whose order rows shall stand.
        dead: Those of them that nothing answers to.
        seed: Of the draws for intervals.
    """
    reason = "no picture of the probe set makes it answer: it is dead"
    rows = [key_of(target) | {"reason": reason} for target in dead] + tables["prototypes"].to_pylist()
    order = {target.text: place for place, target in enumerate(targets)}
    rows.sort(key=lambda row: order[row["target"]])
    layers = layer_rows(tables["naturalness"].to_pylist(), seed=seed)
    return {
        **tables,
        "prototypes": pa.Table.from_pylist(rows, PROTOTYPES),
        "naturalness_layers": pa.Table.from_pylist(layers, NATURALNESS_LAYERS),
    }


def scalars(tables: Mapping[str, pa.Table]) -> dict[str, float]:
    """How many targets have prototypes and how many have none, and how natural the prototypes are.

    ``above_natural`` is the share of ours that is worth more to the target than any natural picture.

    Args:
        tables: Of the record.
    """
    prototypes = tables["prototypes"]
    there = prototypes.filter(pc.field("picture").is_valid())
    ours = there.filter(pc.field("method") == OURS).to_pylist()
    above = [float(row["value"] > row["natural_top"]) for row in ours]
    found = {"targets": float(len(pc.unique(there["target"])))}
    found["without"] = float(len(pc.unique(prototypes["target"]))) - found["targets"]
    if above:
        found["above_natural"] = sum(above) / len(above)
    natural = headline(tables["naturalness_layers"].to_pylist())
    return found | {name: value for name, value in natural.items() if not math.isnan(value)}


def mosaic(prototypes: pa.Table) -> dict[str, Picture]:
    """The pictures of the first targets, a row each: our copies, and then those of the plain baseline.

    Args:
        prototypes: The table of that name.
    """
    rows: dict[str, list[Picture]] = {}
    for row in prototypes.select(["target", "picture"]).to_pylist():
        if row["picture"] is not None and (row["target"] in rows or len(rows) < ROWS):
            rows.setdefault(row["target"], []).append(_tile(row["picture"]))
    if not rows:
        return {}
    return {"prototypes": lay_out([*rows.values()], _size(rows), columns=max(map(len, rows.values())))}


def _tile(file: bytes) -> Picture:
    with Image.open(io.BytesIO(file)) as picture:
        picture.thumbnail((SIDE, SIDE))
        return np.asarray(picture.convert("RGB"))


def _size(rows: Mapping[str, Sequence[Picture]]) -> tuple[int, int]:
    height, width, _ = next(iter(rows.values()))[0].shape
    return height, width
