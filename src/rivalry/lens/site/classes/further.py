"""What other records say of classes: prototypes, the units that raise or lower them, marks, and what masks say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rivalry.lens.class_view import Row
from rivalry.lens.site.addresses import slug, unit_address
from rivalry.lens.site.charts import Series
from rivalry.lens.site.classes.reading import chosen
from rivalry.lens.site.columns import (
    BYTES,
    NUMBER,
    NUMBERS,
    TEXT,
    TEXTS,
    TRUTH,
    WHOLE,
    Itself,
    Kept,
    Types,
    UnitColumns,
    columns_of,
    kept,
    units_of,
)  # fmt: skip
from rivalry.lens.site.pictures import ending
from rivalry.lens.site.sheets import File
from rivalry.lens.site.shelf import Shelf, Volume
from rivalry.lens.site.sources import last_of

MOST_UNITS = 12
_NATURAL = 8

_MADE: Types = (
    ("target", TEXT), ("class", TEXT), ("kind", TEXT), ("copy", WHOLE), ("method", TEXT), ("value", NUMBER),
    ("probability", NUMBER), ("natural_value", NUMBER), ("natural_top", NUMBER), ("reason", TEXT), ("picture", BYTES),
    ("alpha", BYTES),
)  # fmt: skip
_EXAMPLES: Types = (
    ("target", TEXT), ("kind", TEXT), ("quantile", NUMBER), ("rank", WHOLE), ("index", WHOLE), ("value", NUMBER),
    ("picture", BYTES),
)  # fmt: skip
_PATH: Types = (
    ("target", TEXT), ("method", TEXT), ("copy", WHOLE), ("depth", WHOLE), ("normalised", NUMBER), ("low", NUMBER),
    ("high", NUMBER),
)  # fmt: skip
_EFFECTS: Types = (
    ("raised_classes", TEXTS), ("raised_effects", NUMBERS), ("lowered_classes", TEXTS), ("lowered_effects", NUMBERS),
    ("effects_by", TEXT),
)  # fmt: skip
_GROUPS: Types = (("class", TEXT), ("marked", TRUTH), ("pictures", WHOLE), ("accuracy", NUMBER))
_JUDGED: Types = (
    ("class", TEXT), ("true_concept", TEXT), ("label_pearson", NUMBER), ("label_auprc", NUMBER), ("label_iou", NUMBER),
    ("confirmed", TRUTH),
)  # fmt: skip
BY = {"weight": "by what they add to its logit on average", "correlation": "by correlation with its logit"}
"""How the effect of a unit is measured."""

SAID = {"prototype": "prototype", "fourier": "plain Fourier visualisation"}
"""What methods are called."""


@dataclass(frozen=True)
class Image:
    """An image beside a class: where it lies, and what it is in words."""

    address: str
    words: str
    note: str = ""


@dataclass(frozen=True)
class Portrait:
    """The prototypes of a class.

    Attributes:
        images: The prototype, where its value came from, and the plain visualisation.
        natural: Pictures that the class answers to most.
        curves: How natural the path of each is, by depth.
        reason: Why there is none.
    """

    images: Sequence[Image]
    natural: Sequence[Image]
    curves: Sequence[Series]
    reason: str | None


@dataclass(frozen=True)
class Voice:
    """A unit that raises or lowers a class."""

    layer: str
    unit: int
    label: str
    address: str
    effect: float


def portraits_of(shelf: Shelf, names: Collection[str], epoch: int) -> tuple[dict[str, Portrait], list[File]]:
    """Prototypes of some classes at an epoch, by class, and the files of their pictures."""
    found: dict[str, Portrait] = {}
    files: dict[str, bytes] = {}
    for volume in last_of(shelf, "prototypes", epoch=epoch):
        made: dict[str, list[Row]] = {}
        for row in chosen(columns_of(volume, "prototypes", _MADE), names).to_pylist():
            if row["kind"] == "class" and row["target"] is not None:
                made.setdefault(row["class"], []).append(row)
        for name in made.keys() - found.keys():
            found[name] = _portrait(volume, name, made[name], files)
    return found, list(files.items())


def _portrait(volume: Volume, name: str, rows: Sequence[Row], files: dict[str, bytes]) -> Portrait:
    place = f"media/classes/{slug(volume.name)}-{volume.epoch}/{slug(name)}"
    target = rows[0]["target"]
    images = []
    for row in sorted(rows, key=lambda row: (row["method"] != "prototype", row["copy"] or 0)):
        method = SAID.get(row["method"], row["method"] or "image")
        own = f"{place}/{slug(row['method'] or 'image')}-{row['copy'] or 0}"
        images += _kept(own, row["picture"], method, _worth(row), files)
        if row["method"] == "prototype" and not row["copy"]:
            images += _kept(f"{own}-alpha", row["alpha"], "where its value came from", "", files)
    natural = []
    for row in _examples(kept(volume)).get(target, [])[:_NATURAL]:
        words = f"natural picture {row['index']}" if row["index"] is not None else "a natural picture"
        natural += _kept(f"{place}/natural-{row['rank']}", row["picture"], words, _logit(row["value"]), files)
    reason = next((row["reason"] for row in rows if row["reason"]), None)
    return Portrait(images, natural, _curves(kept(volume), target), reason)


def _kept(place: str, picture: bytes | None, words: str, note: str, files: dict[str, bytes]) -> list[Image]:
    """An image, and its file; none where it is no picture that the site shows."""
    kind = ending(picture) if picture else None
    if kind is None or picture is None:
        return []
    files[place + kind] = picture
    return [Image(place + kind, words, note)]


def _worth(row: Row) -> str:
    said = _logit(row["value"])
    return said if row["probability"] is None else f"{said}, probability {row['probability']:.0%}".replace("%", " %")


def _logit(value: float | None) -> str:
    return "" if value is None else f"logit {value:.1f}".replace("-", "−")


@lru_cache(maxsize=32)
def _examples(volume: Kept) -> Mapping[str, list[Row]]:
    """Natural pictures of classes, the strongest first, by target."""
    table = columns_of(volume.volume, "examples", _EXAMPLES)
    own = table.filter(pc.starts_with(table["target"].cast(pa.string()), "class:")).to_pylist()
    found: dict[str, list[Row]] = {}
    for row in sorted(own, key=lambda row: row["rank"] or 0):
        if row["kind"] == "top":
            found.setdefault(row["target"], []).append(row)
    return found


def _curves(volume: Kept, target: str) -> list[Series]:
    rows = _paths(volume).get(target, [])
    found = []
    for method in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == method and not row["copy"] and row["normalised"] is not None]
        points = [(float(row["depth"]), row["normalised"]) for row in own]
        ends = [[row[end] for row in own] for end in ("low", "high")]
        whole = method == "prototype" and all(end is not None for side in ends for end in side)
        low, high = ends if whole else ((), ())
        kind = "main" if method == "prototype" else "quiet"
        if points:
            found.append(Series(SAID.get(method, method or "image"), points, kind, low, high))  # type: ignore[arg-type]
    return found


@lru_cache(maxsize=32)
def _paths(volume: Kept) -> Mapping[str, list[Row]]:
    """Rows of naturalness of classes, by target and then by depth."""
    table = columns_of(volume.volume, "naturalness", _PATH)
    own = table.filter(pc.starts_with(table["target"].cast(pa.string()), "class:")).to_pylist()
    found: dict[str, list[Row]] = {}
    for row in sorted(own, key=lambda row: row["depth"] or 0):
        if row["depth"] is not None:
            found.setdefault(row["target"], []).append(row)
    return found


def voices_of(shelf: Shelf, name: str, epoch: int) -> dict[tuple[str, str], Sequence[Voice]]:
    """The units that raise a class most, and those that lower it: of the last records that are not after an epoch.

    Returns:
        By way (``raised`` or ``lowered``) and by how it is measured, for these cannot be compared.
    """
    found: dict[tuple[str, str], list[Voice]] = {}
    for volume in last_of(shelf, "profiles", epoch=epoch):
        for way in ("raised", "lowered"):
            for by, layer, unit, effect in _effects(kept(volume), way).get(name, ()):
                voice = Voice(layer, unit, _label(shelf, epoch, layer, unit), unit_address(layer, unit), effect)
                found.setdefault((way, by), []).append(voice)
    ordered = sorted(found.items(), key=lambda one: (one[0][1] != "weight", one[0][1], one[0][0] != "raised"))
    return {said: sorted(own, key=lambda one: -abs(one.effect))[:MOST_UNITS] for said, own in ordered}


@lru_cache(maxsize=64)
def _effects(volume: Kept, way: str) -> Mapping[str, list[tuple[str, str, int, float]]]:
    """By class the units (no directions) that move it this way, the strongest first of either measure."""
    table = units_of(volume.volume, _EFFECTS).table
    directions = pc.match_substring(table["layer"].cast(pa.string()), "@")  # the same layer in other coordinates
    table = table.filter(pc.fill_null(pc.invert(directions), fill_value=False))
    classes, effects = table[f"{way}_classes"].combine_chunks(), table[f"{way}_effects"].combine_chunks()
    same = pc.equal(pc.list_value_length(classes), pc.list_value_length(effects))
    table = table.filter(pc.fill_null(same, False))
    classes, effects = table[f"{way}_classes"].combine_chunks(), table[f"{way}_effects"].combine_chunks()
    rows = pc.list_parent_indices(classes)
    by = table["effects_by"].cast(pa.string()).fill_null("").take(rows)
    flat = pa.table({"class": pc.list_flatten(classes), "effect": pc.list_flatten(effects), "row": rows, "by": by})
    flat = flat.filter(pc.and_(pc.is_valid(flat["class"]), pc.is_finite(flat["effect"]))).combine_chunks()
    found: dict[str, list[tuple[str, str, int, float]]] = {}
    for best in _strongest(flat):
        of = table.take(flat["row"].take(best)).select(["layer", "unit"]).to_pylist()
        for row, own in zip(of, flat.take(best).to_pylist(), strict=True):
            found.setdefault(own["class"], []).append((own["by"], row["layer"], row["unit"], own["effect"]))
    return found


def _strongest(flat: pa.Table) -> Iterator[pa.Array]:
    """The rows of the strongest effects of each class and measure."""
    codes = [flat[name].combine_chunks().dictionary_encode().indices.to_numpy() for name in ("class", "by")]
    strength = np.abs(flat["effect"].to_numpy())
    order = np.lexsort((-strength, *codes))
    if len(order):
        changes = np.any([np.diff(code[order]) != 0 for code in codes], axis=0)
        yield from (pa.array(own[:MOST_UNITS]) for own in np.split(order, np.flatnonzero(changes) + 1))


def _label(shelf: Shelf, epoch: int, layer: str, unit: int) -> str:
    for table in _named(Itself(shelf), epoch):
        row = table.rows(layer, [unit]).get(unit)
        if row is not None and row["label"]:
            return str(row["label"])
    return ""


@lru_cache(maxsize=32)
def _named(shelf: Itself[Shelf], epoch: int) -> list[UnitColumns]:
    return [units_of(volume, (("label", TEXT),)) for volume in last_of(shelf.thing, "neurons", epoch=epoch)]


def groups_of(shelf: Shelf, names: Collection[str], epoch: int) -> dict[str, list[Row]]:
    """Accuracy of some classes with a mark and without, by class."""
    return _by_class(shelf, "watermark", "groups", _GROUPS, names, epoch)


def judged_of(shelf: Shelf, names: Collection[str], epoch: int) -> dict[str, list[Row]]:
    """What masks say of the names of some classes' logits, by class."""
    return _by_class(shelf, "neurons", "classes", _JUDGED, names, epoch)


def _by_class(
    shelf: Shelf, kind: str, table: str, types: Types, names: Collection[str], epoch: int
) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in _rows(shelf, kind, table, types, names, epoch):
        found.setdefault(row["class"], []).append(row)
    return found


def _rows(shelf: Shelf, kind: str, table: str, types: Types, names: Collection[str], epoch: int) -> Iterator[Row]:
    for volume in last_of(shelf, kind, epoch=epoch):  # type: ignore[arg-type]
        yield from chosen(columns_of(volume, table, types), names).to_pylist()
