"""Images that were optimised for units, and how natural their path through the network is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from rivalry.lens.site.addresses import slug
from rivalry.lens.site.columns import (
    BYTES,
    NUMBER,
    TEXT,
    WHOLE,
    Kept,
    Row,
    Types,
    columns_of,
    kept,
    units_of,
)  # fmt: skip
from rivalry.lens.site.pictures import ending
from rivalry.lens.site.shelf import Shelf, Volume
from rivalry.lens.site.sources import last_of
from rivalry.lens.site.units.view import Curve, Prototype

_MADE: Types = (
    ("target", TEXT), ("kind", TEXT), ("copy", WHOLE), ("method", TEXT), ("value", NUMBER), ("natural_value", NUMBER),
    ("natural_top", NUMBER), ("reason", TEXT), ("picture", BYTES), ("alpha", BYTES),
)  # fmt: skip
_PATH: Types = (
    ("target", TEXT), ("method", TEXT), ("copy", WHOLE), ("layer", TEXT), ("depth", WHOLE), ("normalised", NUMBER),
    ("low", NUMBER), ("high", NUMBER),
)  # fmt: skip

SAID = {"prototype": "prototype", "fourier": "plain Fourier visualisation"}
"""What methods are called."""

Portraits = tuple[Sequence[Prototype], Sequence[Curve]]


def portraits_of(shelf: Shelf, layer: str, units: Sequence[int]) -> dict[int, Portraits]:
    """Prototypes of some units and the curves of their naturalness, by unit; of the first record that has them."""
    found: dict[int, Portraits] = {}
    for volume in last_of(shelf, "prototypes"):
        rows = _by_unit(kept(volume), layer)
        for unit in set(units) & rows.keys() - found.keys():
            targets = {row["target"] for row in rows[unit]}
            curves = [curve for target in targets for curve in _curves(volume, target)]
            found[unit] = ([_prototype(layer, unit, row) for row in rows[unit]], curves)
    return found


@lru_cache(maxsize=16)
def _by_unit(volume: Kept, layer: str) -> dict[int, list[Row]]:
    """The rows of prototypes of a layer's units, by unit: ours first, then by copy."""
    table = units_of(volume.volume, _MADE, "prototypes").table
    own = table.filter(pc.equal(table["layer"].cast(pa.string()), layer)).to_pylist()
    rows: dict[int, list[Row]] = {}
    for row in sorted(own, key=lambda row: (row["method"] != "prototype", row["copy"] or 0)):
        if row["kind"] in ("unit", "direction"):
            rows.setdefault(row["unit"], []).append(row)
    return rows


def _prototype(layer: str, unit: int, row: Row) -> Prototype:
    name = f"media/units/{slug(layer)}/{unit}-{slug(row['method'] or 'image')}-{row['copy'] or 0}"
    picture, alpha = _file(name, row["picture"]), _file(f"{name}-alpha", row["alpha"])
    method = SAID.get(row["method"], row["method"] or "image")
    return Prototype(
        method, picture, row["value"], row["natural_value"], row["natural_top"], row["reason"], row["picture"], alpha,
        row["alpha"],
    )  # fmt: skip


def _file(name: str, picture: bytes | None) -> str | None:
    """Where an image is to lie; None where it is none that the site shows."""
    kind = ending(picture) if picture else None
    return None if kind is None else f"{name}{kind}"


def _curves(volume: Volume, target: str) -> list[Curve]:
    """How natural the prototypes of a target are from layer to layer; of several copies the first."""
    rows = _paths(kept(volume)).get(target, [])
    found = []
    for method in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == method and not row["copy"] and row["normalised"] is not None]
        ends = [[(float(row["depth"]), row[end]) for row in own] for end in ("normalised", "low", "high")]
        if own:
            found.append(Curve(SAID.get(method, method or "image"), *ends))
    return found


@lru_cache(maxsize=4)
def _paths(volume: Kept) -> dict[str, list[Row]]:
    """Rows of naturalness of targets that are units, by target and then by depth."""
    table = columns_of(volume.volume, "naturalness", _PATH)
    target = table["target"].cast(pa.string())
    ours = pc.or_(pc.starts_with(target, "unit:"), pc.starts_with(target, "direction:"))
    rows: dict[str, list[Row]] = {}
    for row in sorted(table.filter(ours).to_pylist(), key=lambda row: row["depth"] or 0):
        if row["depth"] is not None:
            rows.setdefault(row["target"], []).append(row)
    return rows
