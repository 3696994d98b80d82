"""The list of all concepts: who bears each, counted without a look at single units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rivalry.lens.site.addresses import concept_address
from rivalry.lens.site.columns import NUMBER, TEXT, TRUTH, WHOLE, Itself, Types, columns_of, grouped_by
from rivalry.lens.site.concepts.gather import UNITS
from rivalry.lens.site.links import named_concepts, shown
from rivalry.lens.site.section import Site
from rivalry.lens.site.sheets import Column
from rivalry.lens.site.shelf import Shelf
from rivalry.lens.site.sources import last_of
from rivalry.lens.site.units.tiles import best_tiles
from rivalry.lens.site.units.view import Sample

_NAMED: Types = (("label", TEXT), ("confirmed", TRUTH), ("dead", TRUTH))


@dataclass(frozen=True)
class Listed:
    """A row of the list.

    Attributes:
        name: The concept.
        units: Living units that the first dissection calls so.
        confirmed: How many of these masks confirm; None where none was judged.
        classes: Concepts of classes with this name.
        iou: The largest overlap of a unit with it, by masks.
        first: Epoch in which it was first there.
        past: Units at every epoch.
    """

    name: str
    units: int
    confirmed: int | None
    classes: int
    iou: float | None
    first: int | None
    past: Sequence[int]

    def cells(self, columns: Sequence[Column]) -> list[Any]:
        """The row as the columns want it."""
        iou = None if self.iou is None else float(f"{self.iou:.4g}")
        known = {
            "concept": shown(self.name), "units": self.units, "confirmed": self.confirmed,
            "concepts of classes": self.classes, "best IoU": iou, "since epoch": self.first,
            "page": concept_address(self.name),
        }  # fmt: skip
        return [known[column.name] for column in columns]


def list_columns(listed: Sequence[Listed]) -> list[Column]:
    """The columns of which something is known."""
    known = [Column("concept", href=0, head=True), Column("units", "number")]
    if any(row.confirmed is not None for row in listed):
        known.append(Column("confirmed", "number"))
    if any(row.classes for row in listed):
        known.append(Column("concepts of classes", "number"))
    if any(row.iou is not None for row in listed):
        known.append(Column("best IoU", "number", 2))
    if any(row.first is not None for row in listed):
        known.append(Column("since epoch", "number"))
    return [Column("concept", href=len(known), head=True), *known[1:], Column("page", hidden=True)]


def list_of(site: Site) -> list[Listed]:
    """All concepts, those of the most units first."""
    return _list_of(Itself(site.shelf))


@lru_cache(maxsize=2)
def _list_of(shelf: Itself[Shelf]) -> list[Listed]:
    units, confirmed, judged = _counted(shelf.thing)
    classes = Counter[str]()
    for volume in last_of(shelf.thing, "concepts"):
        classes.update(_words(columns_of(volume, "concepts", (("name", TEXT),))["name"]))
    past, first = _streams(shelf.thing)
    best = _best(shelf.thing)
    rows = [
        Listed(
            name, units[name], confirmed[name] if judged[name] else None, classes[name], best.get(name),
            first.get(name), past.get(name, ()),
        )
        for name in named_concepts(shelf.thing)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row.units, -row.classes, row.name))


def clearest_tiles(site: Site, listed: Sequence[Listed]) -> tuple[list[tuple[Listed, Sample | None]], str]:
    """Concepts with the strongest picture of the unit whose label is furthest ahead, and the style of what holds them.

    Nothing where no record has pictures of units.
    """
    places = {row.name: place for row in listed if (place := _clearest(site.shelf, row.name)) is not None}
    wanted: dict[str, list[int]] = {}
    for layer, unit in places.values():
        wanted.setdefault(layer, []).append(unit)
    tiles, style = best_tiles(site, wanted)
    return ([(row, tiles.get(places[row.name])) for row in listed if row.name in places] if tiles else []), style


def _clearest(shelf: Shelf, name: str) -> tuple[str, int] | None:
    """Layer and unit of the clearest living unit of a name."""
    for volume in last_of(shelf, "neurons")[:1]:
        rows = [row for row in grouped_by(volume, "units", "label", UNITS).rows(name) if not row["dead"]]
        rows = [row for row in rows if row["layer"] is not None and row["unit"] is not None]
        if rows:
            best = max(rows, key=lambda row: row["margin"] if row["margin"] is not None else float("-inf"))
            return best["layer"], best["unit"]
    return None


def _counted(shelf: Shelf) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Living units of each name in the first dissection, those confirmed of them, and those judged."""
    units, confirmed, judged = Counter[str](), Counter[str](), Counter[str]()
    for volume in last_of(shelf, "neurons")[:1]:
        table = columns_of(volume, "units", _NAMED)
        table = table.filter(pc.invert(pc.fill_null(table["dead"], False)))
        units.update(_words(table["label"]))
        judged.update(_words(table.filter(pc.is_valid(table["confirmed"]))["label"]))
        confirmed.update(_words(table.filter(pc.fill_null(table["confirmed"], False))["label"]))
    return units, confirmed, judged


def _words(column: pa.ChunkedArray) -> dict[str, int]:
    """How often each word stands in a column."""
    counted = column.cast(pa.string()).value_counts()
    words, counts = counted.field("values").to_pylist(), counted.field("counts").to_pylist()
    return {word: count for word, count in zip(words, counts, strict=True) if word}


def _streams(shelf: Shelf) -> tuple[dict[str, list[int]], dict[str, int]]:
    """Units of each name at every epoch, and the epoch in which each was first there."""
    for volume in last_of(shelf, "emergence"):
        epochs = columns_of(volume, "epochs", (("epoch", WHOLE),))["epoch"].drop_null().unique().to_pylist()
        place = {epoch: at for at, epoch in enumerate(sorted(epochs))}
        past: dict[str, list[int]] = {}
        for row in columns_of(volume, "streams", (("epoch", WHOLE), ("concept", TEXT), ("units", WHOLE))).to_pylist():
            if row["concept"] is not None and row["epoch"] in place:
                past.setdefault(row["concept"], [0] * len(place))[place[row["epoch"]]] = row["units"] or 0
        firsts = {name: next((epoch for epoch, at in place.items() if own[at]), None) for name, own in past.items()}
        return past, {name: epoch for name, epoch in firsts.items() if epoch is not None}
    return {}, {}


def _best(shelf: Shelf) -> dict[str, float]:
    """The largest overlap of any unit with each concept."""
    best: dict[str, float] = {}
    for volume in last_of(shelf, "detectors"):
        table = columns_of(volume, "concepts", (("concept", TEXT), ("iou", NUMBER)))
        for name, value in zip(table["concept"].cast(pa.string()).to_pylist(), table["iou"].to_pylist(), strict=True):
            if name is not None and value is not None and np.isfinite(value):
                best[name] = max(best.get(name, value), value)
    return best
