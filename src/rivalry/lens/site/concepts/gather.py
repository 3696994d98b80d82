"""From the records of a run to what bears the name of a concept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from rivalry.lens.site.addresses import unit_address
from rivalry.lens.site.classes.media import crop_at
from rivalry.lens.site.columns import KEY, NUMBER, TEXT, TRUTH, WHOLE, Itself, Row, Types, columns_of, grouped_by
from rivalry.lens.site.concepts.view import Best, Concept, NamedUnit, OfClass, Seen
from rivalry.lens.site.links import class_link
from rivalry.lens.site.section import Site
from rivalry.lens.site.shelf import Shelf, Volume
from rivalry.lens.site.sources import last_of
from rivalry.lens.site.units.story import known_units, story_of
from rivalry.lens.site.units.tiles import best_tiles

SEEN = 16
"""Units that are shown by their pictures."""

_CROPS, _CLASSES = 4, 24
UNITS: Types = (
    *KEY, ("label", TEXT), ("margin", NUMBER), ("confirmed", TRUTH), ("label_iou", NUMBER), ("clarity", NUMBER),
    ("win_rate", NUMBER), ("dead", TRUTH),
)  # fmt: skip
"""What is read of units by their names."""

_BASIS: Types = (*KEY, ("label", TEXT), ("beyond", NUMBER), ("best_auroc", NUMBER))
_BASES: Types = (
    ("concept", TEXT), ("natural", NUMBER), ("pca", NUMBER), ("random", NUMBER), ("unsupervised", NUMBER),
    ("supervised", NUMBER),
)  # fmt: skip
_DETECTED: Types = (
    ("layer", TEXT), ("concept", TEXT), ("unit", WHOLE), ("iou", NUMBER), ("auroc_unit", WHOLE), ("auroc", NUMBER),
    ("detectable", TRUTH), ("area", NUMBER),
)  # fmt: skip
_EXTRACTED: Types = (
    ("layer", TEXT), ("class", TEXT), ("concept", WHOLE), ("name", TEXT), ("importance", NUMBER), ("share", NUMBER),
    ("prevalence", NUMBER),
)  # fmt: skip
_CROPPED: Types = (("layer", TEXT), ("class", TEXT), ("concept", WHOLE), ("rank", WHOLE))


def gather_concept(site: Site, name: str) -> Concept:
    """All that bears a name in the last records."""
    shelf = site.shelf
    history = _history(shelf, name)
    there = [epoch for epoch, units in history if units]
    units = _units(shelf, name)
    seen, style = _seen(site, units)
    return Concept(
        name, units, seen, style, [*_detected(shelf, name), *_directions(shelf, name)],
        _classes(site, name)[:_CLASSES], history, _bases(shelf, name), there[0] if there else None,
        there[-1] if there and there[-1] != history[-1][0] else None,
    )  # fmt: skip


def _units(shelf: Shelf, name: str) -> list[NamedUnit]:
    """Living units that the first dissection of their layer calls so, the clearest first."""
    found, seen = [], set()
    for volume in last_of(shelf, "neurons"):
        for row in grouped_by(volume, "units", "label", UNITS).rows(name):
            place = (row["layer"], row["unit"])
            if None in place or row["dead"] or story_of(shelf, row["layer"]).neurons[0] is not volume or place in seen:
                continue
            seen.add(place)
            found.append(NamedUnit(
                *place, _page(shelf, *place), row["margin"], row["confirmed"], row["label_iou"], row["clarity"],
                row["win_rate"],
            ))  # fmt: skip
    return sorted(found, key=lambda unit: -(unit.margin if unit.margin is not None else float("-inf")))


def _page(shelf: Shelf, layer: str, unit: int) -> str | None:
    return unit_address(layer, unit) if unit in _pages(Itself(shelf)).get(layer, ()) else None


@lru_cache(maxsize=2)
def _pages(shelf: Itself[Shelf]) -> dict[str, frozenset[int]]:
    return {layer: frozenset(units.tolist()) for layer, units in known_units(shelf.thing).items()}


def _seen(site: Site, units: Sequence[NamedUnit]) -> tuple[list[Seen], str]:
    """The clearest units by their strongest pictures, and the style of what holds them."""
    wanted: dict[str, list[int]] = {}
    for unit in units[:SEEN]:
        wanted.setdefault(unit.layer, []).append(unit.unit)
    tiles, style = best_tiles(site, wanted)
    clearest = [(unit, tiles.get((unit.layer, unit.unit))) for unit in units[:SEEN]]
    found = [Seen(f"{unit.layer} {unit.unit}", unit.address, best) for unit, best in clearest if best and best.picture]
    return found, style


def _detected(shelf: Shelf, name: str) -> Iterable[Best]:
    """Of each layer that masks have looked at, the unit of the largest overlap, and the one that ranks pixels best."""
    for volume in last_of(shelf, "detectors"):
        for row in grouped_by(volume, "concepts", "concept", _DETECTED).rows(name):
            note = "too small or too large for any unit to detect" if row["detectable"] is False else ""
            yield from _one_best(shelf, row, "unit", f"IoU ({volume.name})", row["iou"], note)
            yield from _one_best(shelf, row, "auroc_unit", f"AUROC ({volume.name})", row["auroc"])


def _directions(shelf: Shelf, name: str) -> Iterable[Best]:
    """Directions of fitted bases that masks call so."""
    for volume in last_of(shelf, "basis"):
        for row in grouped_by(volume, "units", "label", _BASIS).rows(name):
            yield from _one_best(shelf, row, "unit", f"φ ({volume.name})", row["beyond"])


def _one_best(shelf: Shelf, row: Row, unit: str, said: str, value: float | None, note: str = "") -> Iterable[Best]:
    if row["layer"] is not None and row[unit] is not None and value is not None:
        yield Best(row["layer"], row[unit], _page(shelf, row["layer"], row[unit]), said, value, note)


def _classes(site: Site, name: str) -> list[OfClass]:
    """Concepts of classes that bear the name, the largest share of a logit first."""
    found = []
    for volume in last_of(site.shelf, "concepts"):
        for row in grouped_by(volume, "concepts", "name", _EXTRACTED).rows(name):
            if row["class"] is None or row["layer"] is None or row["concept"] is None:
                continue
            found.append(OfClass(
                class_link(site, row["class"]), row["layer"], row["concept"], row["share"], row["importance"],
                row["prevalence"], _crops(volume, row),
            ))  # fmt: skip
    return sorted(found, key=lambda one: -(one.share or 0.0))


def _crops(volume: Volume, row: Row) -> list[str]:
    """Where the first crops of a concept of a class lie."""
    own = grouped_by(volume, "crops", "class", _CROPPED).rows(row["class"])
    those = [one for one in own if (one["layer"], one["concept"]) == (row["layer"], row["concept"])]
    ranked = sorted((one for one in those if one["rank"] is not None), key=lambda one: int(one["rank"]))
    places = [crop_at(volume, row["layer"], row["class"], one) for one in ranked[:_CROPS]]
    return [place for place in places if place is not None]


def _bases(shelf: Shelf, name: str) -> list[tuple[str, float]]:
    """Of each basis, what its best direction has in common with the concept."""
    best: dict[str, float] = {}
    for volume in last_of(shelf, "basis"):
        for row in grouped_by(volume, "concepts", "concept", _BASES).rows(name):
            for basis, _ in _BASES[1:]:
                if row[basis] is not None:
                    best[basis] = max(best.get(basis, row[basis]), row[basis])
    return list(best.items())


def _history(shelf: Shelf, name: str) -> list[tuple[int, int]]:
    """How many units had the name, by epoch; as the record of emergence tells it, else the dissections."""
    for volume in last_of(shelf, "emergence"):
        own = {row["epoch"]: row["units"] or 0
               for row in grouped_by(volume, "streams", "concept", _STREAMS).rows(name)}  # fmt: skip
        epochs = columns_of(volume, "epochs", (("epoch", WHOLE),))["epoch"].to_pylist()
        return [(epoch, own.get(epoch, 0)) for epoch in sorted({one for one in epochs if one is not None})]
    names = shelf.names("neurons")[:1]
    volumes = {volume.epoch: volume for one in names for volume in shelf.of("neurons", one)}
    return [(epoch, len(grouped_by(volumes[epoch], "units", "label", UNITS).places.get(name, ())))
            for epoch in sorted(volumes)]  # fmt: skip


_STREAMS: Types = (("epoch", WHOLE), ("concept", TEXT), ("units", WHOLE))
