"""What a page shows of one class: its rows of the tables that an extraction of concepts leaves, by what they are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from rivalry.lens.drawable import has_columns
from rivalry.numerics.nearest import nearest
from rivalry.records import Record

COLOURED = 10
"""A concept is coloured where it dominates as many pictures; a strategy of as many counts for the choice of a class."""

_KEY = {"layer": pa.string(), "class": pa.string()}
_NAMES, _NUMBERS = pa.list_(pa.string()), pa.list_(pa.float64())
COLUMNS: Mapping[str, Mapping[str, pa.DataType]] = {
    "classes": {
        **_KEY, "images": pa.int64(), "accuracy": pa.float64(), "logit": pa.float64(), "unexplained": pa.float64(),
        "strategies": pa.int64(), "marked_share": pa.float64(), "marked_ami": pa.float64(), "reason": pa.string(),
    },
    "concepts": {
        **_KEY, "concept": pa.int64(), "name": pa.string(), "importance": pa.float64(), "share": pa.float64(),
        "prevalence": pa.float64(), "reliability": pa.float64(), "aligned_classes": _NAMES, "alignments": _NUMBERS,
        "similar": _NAMES, "similarities": _NUMBERS,
    },
    "crops": {**_KEY, "concept": pa.int64(), "rank": pa.int64(), "picture": pa.binary()},
    "pictures": {
        **_KEY, "correct": pa.bool_(), "marked": pa.bool_(), "x": pa.float64(), "y": pa.float64(),
        "strategy": pa.int64(), "dominant": pa.int64(), "thumbnail": pa.binary(),
    },
    "strategies": {
        **_KEY, "strategy": pa.int64(), "images": pa.int64(), "accuracy": pa.float64(), "marked_share": pa.float64(),
        "concepts": pa.list_(pa.int64()), "differences": _NUMBERS,
    },
}  # fmt: skip
"""The tables that a page reads, and their columns; there may be more of both."""

_KNOWN = {
    "classes": ("layer", "class", "images"),
    "concepts": ("concept", "importance", "prevalence"),
    "crops": ("concept", "rank", "picture"),
    "pictures": ("dominant", "thumbnail"),
    "strategies": ("strategy", "images", "concepts", "differences"),
}

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class ClassView:
    """One class in one layer.

    Attributes:
        layer: The layer.
        name: The class.
        summary: Its row of ``classes``.
        concepts: The largest share of the logit first; where shares are not known, the largest importance.
        crops: Of each concept, the clearest first.
        pictures: Those that are kept.
        strategies: The commonest first.
    """

    layer: str
    name: str
    summary: Row
    concepts: Sequence[Row]
    crops: Mapping[int, Sequence[Row]]
    pictures: Sequence[Row]
    strategies: Sequence[Row]


def shows_concepts(record: Record) -> bool:
    """Whether a record holds the concepts of a class at least, with all that a page shows of them."""
    return bool(explained_classes(record))


def explained_classes(record: Record) -> list[tuple[str, str]]:
    """Layers and classes that a page can be drawn of, in the order of the record; not those with a ``reason`` why not.

    None where the record lacks a table or a column of :data:`COLUMNS`, or something that is drawn is not known.
    """
    tables = record.tables
    for name, columns in COLUMNS.items():
        if name not in tables or not has_columns(tables[name], columns):
            return []
        if not all(_is_known(tables[name][column]) for column in _KNOWN[name]):
            return []
    described = {(row["layer"], row["class"]) for row in tables["concepts"].select(["layer", "class"]).to_pylist()}
    rows = tables["classes"].select(["layer", "class", "reason"]).to_pylist()
    return [place for row in rows if row["reason"] is None and (place := (row["layer"], row["class"])) in described]


def view_class(record: Record, layer: str | None = None, class_: str | None = None) -> ClassView:
    """Take what a page shows of a class out of a record.

    Args:
        record: Of :class:`rivalry.concepts.ConceptExtraction`.
        layer: One of its layers; by default that of the class.
        class_: One of its classes; by default where a strategy of ``COLOURED`` pictures or more is least reliable,
            and the first where there is none such.

    Raises:
        ValueError: If the record holds no concepts, or none of such a class and layer.
    """
    there = explained_classes(record)
    if not there:
        raise ValueError(f"record {record.name!r} holds no concepts of classes; wanted one of ConceptExtraction")
    asked = _asked(record, there, layer, class_)
    layer, class_ = _least_reliable(record, asked) or asked[0]
    rows = {name: _of(record.tables[name], layer, class_) for name in COLUMNS}
    crops: dict[int, list[Row]] = {}
    for row in sorted(rows["crops"], key=lambda row: int(row["rank"])):
        crops.setdefault(row["concept"], []).append(row)
    return ClassView(
        layer,
        class_,
        rows["classes"][0],
        sorted(rows["concepts"], key=_weight, reverse=True),
        crops,
        rows["pictures"],
        sorted(rows["strategies"], key=lambda row: int(row["strategy"])),
    )


def _is_known(column: pa.ChunkedArray) -> bool:
    """Whether no value is missing, and all numbers are finite."""
    return not column.null_count and (not pa.types.is_floating(column.type) or pc.all(pc.is_finite(column)).as_py())


def _asked(
    record: Record, there: Sequence[tuple[str, str]], layer: str | None, class_: str | None
) -> list[tuple[str, str]]:
    """The layers and classes that fit what was asked for, of those that there are."""
    layers, classes = dict.fromkeys(one for one, _ in there), dict.fromkeys(one for _, one in there)
    if layer is not None and layer not in layers:
        raise ValueError(f"no concepts are known of layer {layer!r}; nearest: {nearest(layer, layers)}")
    if class_ is not None and class_ not in classes:
        why = _why(record, class_)
        raise ValueError(f"no concepts are known of class {class_!r}{why}; nearest: {nearest(class_, classes)}")
    fitting = [place for place in there if layer in (None, place[0]) and class_ in (None, place[1])]
    if not fitting:
        others = ", ".join(one for one, name in there if name == class_)
        raise ValueError(f"class {class_!r} has concepts in {others}, none in layer {layer!r}")
    return fitting


def _why(record: Record, class_: str) -> str:
    """Why a class has none, if the record knows."""
    rows = record.tables["classes"].select(["class", "reason"]).to_pylist()
    reason = next((row["reason"] for row in rows if row["class"] == class_ and row["reason"] is not None), None)
    return "" if reason is None else f" ({reason})"


def _least_reliable(record: Record, places: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """Where a strategy of many pictures is least often right."""
    wanted = set(places)
    many = [
        (row["accuracy"], (row["layer"], row["class"]))
        for row in record.tables["strategies"].select(["layer", "class", "images", "accuracy"]).to_pylist()
        if row["images"] >= COLOURED and row["accuracy"] is not None and (row["layer"], row["class"]) in wanted
    ]
    return min(many, key=lambda one: one[0], default=(0.0, None))[1]


def _of(table: pa.Table, layer: str, class_: str) -> list[Row]:
    """Rows of a class; what is not a number is not known."""
    rows = table.filter((pc.field("layer") == layer) & (pc.field("class") == class_)).to_pylist()
    return [{name: None if value != value else value for name, value in row.items()} for row in rows]  # NaN ≠ NaN


def _weight(concept: Row) -> tuple[float, float]:
    share = concept["share"]
    return (0.0 if share is None else float(share), float(concept["importance"]))
