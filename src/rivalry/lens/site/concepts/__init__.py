"""The concepts: every word that a record gives to a unit, a direction or a concept of a class, and who bears it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rivalry.lens.site.addresses import CONCEPTS, concept_address
from rivalry.lens.site.charts import Bar, Series, bars, curves, sparkline
from rivalry.lens.site.concepts.gather import gather_concept
from rivalry.lens.site.concepts.list import clearest_tiles, list_columns, list_of
from rivalry.lens.site.concepts.view import Concept
from rivalry.lens.site.concepts.words import answer, at_epoch
from rivalry.lens.site.links import named_concepts, shown
from rivalry.lens.site.search import Entry
from rivalry.lens.site.section import Job, Site, digest_of
from rivalry.lens.site.sheets import Column, File, Page, files_of, rows_address, rows_file
from rivalry.lens.site.sources import unit_volumes

BATCH = 100
"""Pages that are made together."""

FIRST = 200
"""Rows of a table that stand in the page; the rest comes in a chunk."""

_UNITS = (
    Column("layer"), Column("unit", "number", href=7), Column("ahead by", "number", 2), Column("masks"),
    Column("IoU", "number", 2), Column("clarity", "number", 2), Column("win rate", "number", percent=True),
    Column("page", hidden=True),
)  # fmt: skip


def known_concepts(site: Site) -> frozenset[str]:
    """The concepts that have a page."""
    return named_concepts(site.shelf)


def plan(site: Site) -> Iterator[Job]:
    """A job for the list, and one for every batch of concepts."""
    inputs = digest_of(unit_volumes(site.shelf), site.shelf.name, site.beside is None)
    yield Job("concepts", (), inputs, "the concepts", CONCEPTS)
    names = sorted(known_concepts(site))
    for start in range(0, len(names), BATCH):
        said = f"concepts {start + 1} to {min(start + BATCH, len(names))}"
        first, *further = map(concept_address, names[start : start + BATCH])
        yield Job("concepts", (start,), inputs, said, first, tuple(further))


def make(site: Site, job: Job) -> Iterator[File]:
    """The list, or the pages of a batch."""
    if not job.key:
        yield from _list(site)
        return
    start = int(job.key[0])
    for name in sorted(known_concepts(site))[start : start + BATCH]:
        concept = gather_concept(site, name)
        page = Page(concept_address(name), shown(name), "concept.html", (("Concepts", CONCEPTS),))
        rows = [_row(unit) for unit in concept.units]
        long = rows_address(page.address) if len(rows) > FIRST else None
        if long:
            yield rows_file(long, _UNITS, rows)
        yield from files_of(page, {None: {**_told(concept, rows), "long": long}}, site.told())


def found(site: Site) -> Iterator[Entry]:
    """Concepts by their names; those of the most units first."""
    for row in list_of(site):
        note = f"{row.units} unit{'' if row.units == 1 else 's'}"
        yield Entry(row.name, "concept", note, concept_address(row.name), row.units)


def _row(unit: Any) -> list[Any]:
    masks = {True: "agree", False: "disagree", None: None}[unit.confirmed]
    numbers = [None if value is None else float(f"{value:.4g}") for value in (unit.iou, unit.clarity, unit.win_rate)]
    return [unit.layer, unit.unit, unit.margin, masks, *numbers, unit.address]


def _told(concept: Concept, rows: list[list[Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {"concept": concept, "answer": answer(concept), "columns": _UNITS, "rows": rows[:FIRST]}
    points = [(float(epoch), float(units)) for epoch, units in concept.history]
    told["curve"] = curves([Series("units", points)], title="Units called so", height=150) if len(points) > 1 else ""
    best = [Bar(basis, value) for basis, value in concept.bases]
    told["bases"] = bars(best, title="Best direction of each basis, φ") if best else ""
    if len(concept.history) > 1:
        past = {epoch: {"said": at_epoch(epoch, units)} for epoch, units in concept.history[:-1]}
        told["history"] = {**past, concept.history[-1][0]: {"said": ""}}  # the page itself says it
    return told


def _list(site: Site) -> Iterator[File]:
    page = Page(CONCEPTS, "Concepts", "concepts.html")
    listed = list_of(site)
    columns = list_columns(listed)
    rows = [row.cells(columns) for row in listed]
    long = rows_address(page.address) if len(rows) > FIRST else None
    if long:
        yield rows_file(long, columns, rows)
    sparks = [] if long else [sparkline(row.past, title="Units over the epochs") for row in listed]
    tiles, style = clearest_tiles(site, listed[:FIRST])
    told = {
        "shown": shown, "tiles": tiles, "style": style, "columns": columns, "rows": rows[:FIRST],
        "count": len(rows), "long": long, "sparks": sparks if any(len(row.past) > 1 for row in listed) else [],
        "now": sum(row.units > 0 for row in listed),
    }  # fmt: skip
    yield from files_of(page, {None: told}, site.told())
