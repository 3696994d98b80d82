"""The list of all classes: as tiles where they are few, and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rivalry.lens.class_view import Row
from rivalry.lens.site import links
from rivalry.lens.site.addresses import CLASSES, class_address
from rivalry.lens.site.classes import further
from rivalry.lens.site.classes.media import crop_at
from rivalry.lens.site.classes.names import class_epochs, known_classes
from rivalry.lens.site.classes.reading import rows_of
from rivalry.lens.site.section import Site
from rivalry.lens.site.sheets import Column, File, Page, files_of, rows_address, rows_file
from rivalry.lens.site.sources import last_of
from rivalry.lens.site.strategy_plot import called

MOST_TILES, IN_PAGE = 60, 200

COLUMNS = (
    Column("class", href=1, head=True), Column("address", hidden=True), Column("layer"),
    Column("pictures", "number"), Column("of the class", "number", percent=True), Column("strategies", "number"),
    Column("largest concept"), Column("its share", "number", percent=True),
    Column("unexplained", "number", percent=True), Column("marked", "number", percent=True),
    Column("accuracy, clean", "number", percent=True),
)  # fmt: skip


def index_files(site: Site) -> Iterator[File]:
    """The page and, where the classes are many, the rows of its table."""
    names = known_classes(site)
    epochs: Sequence[int | None] = class_epochs(site.shelf) or [None]
    told: dict[int | None, Mapping[str, Any]] = {}
    for epoch in epochs:
        whole = _rows(site, names, epoch or 0)
        columns, rows = _told_columns(whole)
        long = len(rows) > IN_PAGE
        told[epoch] = {
            "columns": columns,
            "rows": rows[:IN_PAGE],
            "count": len(rows),
            "chunk": rows_address(CLASSES, epoch) if long else None,
            "tiles": _tiles(site, names, whole, epoch or 0) if len(names) <= MOST_TILES else [],
            "shared": _shared(site, names, epoch or 0),
            "classes": len(names),
        }
        if long:
            yield rows_file(rows_address(CLASSES, epoch), columns, rows)
    page = Page(CLASSES, "Classes", "classes.html")
    yield from files_of(page, told, site.told())


def _rows(site: Site, names: Sequence[str], epoch: int) -> list[list[Any]]:
    """A row a class and layer, in the order of the columns."""
    summaries: dict[str, list[tuple[str, Row, Row | None]]] = {}
    for volume in last_of(site.shelf, "concepts", epoch=epoch):
        concepts = rows_of(volume, "concepts", names)
        for place, rows in rows_of(volume, "classes", names).items():
            largest = max(concepts.get(place, ()), key=lambda row: row["share"] or 0.0, default=None)
            summaries.setdefault(place[1], []).append((place[0], rows[0], largest))
    groups = further.groups_of(site.shelf, names, epoch)
    several = len({layer for own in summaries.values() for layer, _, _ in own}) > 1
    made = []
    for name in names:
        clean = next((row["accuracy"] for row in groups.get(name, ()) if row["marked"] is False), None)
        for layer, row, largest in summaries.get(name, [(None, {}, None)]):
            made.append([
                name.strip() or "(no name)", class_address(name), layer if several else None, row.get("images"),
                row.get("accuracy"), row.get("strategies"), None if largest is None else called(largest),
                None if largest is None else largest["share"], row.get("unexplained"), row.get("marked_share"), clean,
            ])  # fmt: skip
    return made


def _told_columns(rows: Sequence[Sequence[Any]]) -> tuple[list[Column], list[list[Any]]]:
    """The columns in which something stands."""
    told = [at for at, column in enumerate(COLUMNS) if at < 2 or any(row[at] is not None for row in rows)]
    return [COLUMNS[at] for at in told], [[row[at] for at in told] for row in rows]


def _tiles(site: Site, names: Sequence[str], rows: Sequence[Sequence[Any]], epoch: int) -> list[Mapping[str, Any]]:
    portraits, _ = further.portraits_of(site.shelf, names, epoch)
    crops = _first_crops(site, names, epoch)
    accuracy = {row[0]: row[4] if row[4] is not None else row[10] for row in reversed(rows)}
    tiles: list[Mapping[str, Any]] = []
    for name in names:
        portrait, words = portraits.get(name), name.strip() or "(no name)"
        images = [image.address for image in (*portrait.natural[:1], *portrait.images[:1])] if portrait else []
        tiles.append({
            "name": words, "address": class_address(name), "accuracy": accuracy.get(words),
            "picture": images[0] if images else crops.get(name),
        })  # fmt: skip
    return tiles


def _first_crops(site: Site, names: Sequence[str], epoch: int) -> dict[str, str]:
    """The clearest crop of the first concept of each class."""
    found: dict[str, str] = {}
    for volume in last_of(site.shelf, "concepts", epoch=epoch):
        for (layer, name), rows in rows_of(volume, "crops", names).items():
            place = crop_at(volume, layer, name, rows[0])
            if place is not None and rows[0]["rank"] == 0:
                found.setdefault(name, place)
    return found


def _shared(site: Site, names: Sequence[str], epoch: int) -> list[Mapping[str, Any]]:
    """The pairs of concepts of different classes that are most alike."""
    pairs = [
        row
        for volume in last_of(site.shelf, "concepts", epoch=epoch)
        for own in rows_of(volume, "shared", names).values()
        for row in own
        if row["cosine"] is not None and row["other_class"] is not None
    ]
    pairs.sort(key=lambda row: -row["cosine"])
    return [
        {**row, "one": links.class_link(site, row["class"]), "other": links.class_link(site, row["other_class"])}
        for row in pairs[:20]
    ]
