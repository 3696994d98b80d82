"""Records of prototypes made up for the tests of their sheet: what is in them is what the sheet must show."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from rivalry.lens.prototype_sheet import COLUMNS
from rivalry.records import Record
from tests.lens.class_record import Rows, flat

OURS, PLAIN = (250, 20, 20), (20, 250, 20)
"""Colours of the prototypes, and of the plain ones."""


def target_rows(
    name: str = "class:tree", *, copies: int = 1, alpha: int = 255, curve: tuple[float | None, ...] = (0.2, 0.9)
) -> dict[str, Rows]:
    """The rows of one target by table; natural pictures are blue, those at quantiles darker."""
    worth = {"natural_value": 9.0, "natural_top": 12.0, "reason": None}
    made: list[dict[str, Any]] = []
    for method, colour, value in (("prototype", OURS, 14.0), ("fourier", PLAIN, 30.0)):
        made += [
            {"target": name, "copy": copy, "method": method, "value": value, "probability": 0.9, **worth}
            | {"picture": flat(colour), "alpha": flat((alpha,) * 3)}
            for copy in range(copies)
        ]
    examples = [
        {"target": name, "kind": kind, "rank": rank, "quantile": 0.9 if kind == "quantile" else None, "value": 1.0}
        | {"picture": flat((20, 20, blue))}
        for kind, blue in (("top", 250), ("quantile", 150))
        for rank in range(5)
    ]
    natural = [
        {"target": name, "method": method, "copy": 0, "depth": depth, "normalised": value}
        for method in ("prototype", "fourier")
        for depth, value in enumerate(curve)
    ]
    return {"prototypes": made, "examples": examples, "naturalness": natural}


def dead_rows(name: str) -> dict[str, Rows]:
    """The row of a target without a prototype."""
    return {"prototypes": [{"target": name, "reason": "it is dead"}], "examples": [], "naturalness": []}


def prototype_record(*targets: dict[str, Rows]) -> Record:
    """A record of targets."""
    tables = {
        name: pa.Table.from_pylist([row for one in targets for row in one[name]], pa.schema(list(columns.items())))
        for name, columns in COLUMNS.items()
    }
    return Record("prototypes", 3, 60, {"naturalness": 0.5, "naturalness_plain": 0.1}, tables)
