"""The layers: one table of all, and of each a page with its units as a table and a grid, at every epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rivalry.lens.site.addresses import LAYERS, layer_address, unit_address
from rivalry.lens.site.layers.table import LayerTable, layer_table
from rivalry.lens.site.layers.view import Summary, answer, summary, tiles
from rivalry.lens.site.search import Entry
from rivalry.lens.site.section import Job, Site, digest_of
from rivalry.lens.site.sheets import File, Page, files_of, rows_address, rows_file
from rivalry.lens.site.shelf import Shelf
from rivalry.lens.site.sources import UNIT_KINDS, layers_of, unit_volumes
from rivalry.lens.site.units.settings import settings_of
from rivalry.lens.site.units.story import Story, known_units, story_at, story_of

FIRST = 200
"""Rows of a table that stand in the page; the rest comes in a chunk."""


def known_layers(site: Site) -> Mapping[str, int]:
    """The layers that have a page, in the network's order, and how many units each has: one more than its last."""
    return {layer: int(units[-1]) + 1 for layer, units in known_units(site.shelf).items()}


def plan(site: Site) -> Iterator[Job]:
    """A job for the table of all layers, and one for each layer."""
    inputs = digest_of(unit_volumes(site.shelf), site.shelf.name, site.beside is None)
    yield Job("layers", (), inputs, "the layers", LAYERS)
    for layer in known_layers(site):
        yield Job("layers", (layer,), inputs, f"layer {layer}", layer_address(layer))


def make(site: Site, job: Job) -> Iterator[File]:
    """The page of a layer, or that of all."""
    if not job.key:
        page = Page(LAYERS, "Layers", "layers.html")
        yield from files_of(
            page, {epoch: _all(site, epoch) for epoch in epochs_of(site.shelf)} or {None: {"layers": []}}, site.told()
        )
        return
    layer = str(job.key[0])
    page = Page(layer_address(layer), layer, "layer.html", (("Layers", LAYERS),))
    shown: dict[int | None, Mapping[str, Any]] = {}
    for epoch in epochs_of(site.shelf):
        story = story_at(site.shelf, layer, epoch)
        if len(story.units):
            table = layer_table(story)
            if len(table.units) > FIRST:
                yield rows_file(rows_address(page.address, epoch), table.columns, table.rows(layer))
            shown[epoch] = _one(site, page, story, table, epoch)
    yield from files_of(page, shown, site.told())


def found(site: Site) -> Iterator[Entry]:
    """Layers by their names, and units by what they are called."""
    for layer, units in known_units(site.shelf).items():
        yield Entry(layer, "layer", f"{len(units)} units", layer_address(layer))
        story = story_of(site.shelf, layer)
        rates = [rate or 0.0 for rate in story.win_rates]
        for unit, label, rate in zip(units.tolist(), story.labels, rates, strict=True):
            if label:
                yield Entry(str(label), "unit", f"{layer} {unit}", unit_address(layer, unit), rate)


def epochs_of(shelf: Shelf) -> list[int]:
    """Epochs with a record of units."""
    return sorted({volume.epoch for kind in UNIT_KINDS for volume in shelf.of(kind)})


def _all(site: Site, epoch: int) -> dict[str, Any]:
    """The table of all layers at an epoch."""
    rows: list[Summary] = []
    for layer in layers_of(site.shelf, epoch=epoch):
        story = story_at(site.shelf, layer, epoch)
        rows.append(summary(site, story, epoch=epoch))
    known = {name: any(getattr(row, name) is not None for row in rows)
             for name in ("competitors", "dead", "labels", "confirmed", "clarity", "active", "evenness")}  # fmt: skip
    return {"layers": rows, "known": known, "units": sum(row.units for row in rows)}


def _one(site: Site, page: Page, story: Story, table: LayerTable, epoch: int) -> dict[str, Any]:
    told = summary(site, story, epoch=epoch)
    shown, style = tiles(site, story, table, maps=epoch == epochs_of(site.shelf)[-1])
    return {
        "told": told, "answer": answer(told), "columns": table.columns, "rows": table.rows(story.layer, 0, FIRST),
        "long": rows_address(page.address, epoch) if len(table.units) > FIRST else None,
        "tiles": shown, "style": style, "lacking": story.lacking,
        "clearest": table.values.get("margin") is not None, "dead": _dead(table),
        "settings": settings_of(story, whole=True),
    }  # fmt: skip


def _dead(table: LayerTable) -> frozenset[int]:
    """Units that never won."""
    dead = table.values.get("dead")
    return frozenset() if dead is None else frozenset(table.units[np.array(dead, bool)].tolist())
