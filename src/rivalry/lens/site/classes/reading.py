"""What records of concepts hold of some classes: their rows, however little a stranger's record tells."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from rivalry.lens.class_view import ClassView, Row
from rivalry.lens.site.columns import NUMBER, NUMBERS, TEXT, TEXTS, TRUTH, WHOLE, WHOLES, Types, columns_of
from rivalry.lens.site.shelf import Volume

_KEY: Types = (("layer", TEXT), ("class", TEXT))
TABLES: Mapping[str, Types] = {
    "classes": (
        *_KEY, ("images", WHOLE), ("predicted", WHOLE), ("accuracy", NUMBER), ("logit", NUMBER),
        ("unexplained", NUMBER), ("strategies", WHOLE), ("marked_share", NUMBER), ("marked_ami", NUMBER),
        ("marked_ami_high", NUMBER), ("reason", TEXT),
    ),
    "concepts": (
        *_KEY, ("concept", WHOLE), ("name", TEXT), ("runner_up", TEXT), ("importance", NUMBER), ("share", NUMBER),
        ("prevalence", NUMBER), ("reliability", NUMBER), ("aligned_classes", TEXTS), ("alignments", NUMBERS),
        ("similar", TEXTS), ("similarities", NUMBERS),
    ),
    "crops": (*_KEY, ("concept", WHOLE), ("rank", WHOLE), ("index", WHOLE), ("code", NUMBER)),
    "pictures": (
        *_KEY, ("index", WHOLE), ("label", TEXT), ("correct", TRUTH), ("marked", TRUTH), ("x", NUMBER), ("y", NUMBER),
        ("strategy", WHOLE), ("dominant", WHOLE),
    ),
    "strategies": (
        *_KEY, ("strategy", WHOLE), ("images", WHOLE), ("accuracy", NUMBER), ("marked_share", NUMBER),
        ("concepts", WHOLES), ("differences", NUMBERS),
    ),
    "shared": (
        *_KEY, ("concept", WHOLE), ("name", TEXT), ("other_class", TEXT), ("other_concept", WHOLE),
        ("other_name", TEXT), ("cosine", NUMBER),
    ),
}  # fmt: skip
"""Tables that are read, without their pictures, which are many times as large as all else."""

_NUMBERED = {"concepts": "concept", "crops": "concept", "pictures": "index", "strategies": "strategy"}


def views_of(volume: Volume, names: Collection[str]) -> dict[str, list[ClassView]]:
    """Some classes in all layers of a record, by class; also those of which it only has a ``reason`` why not."""
    rows = {table: rows_of(volume, table, names) for table in ("classes", *_NUMBERED)}
    found: dict[str, list[ClassView]] = {}
    for place, summary in rows["classes"].items():
        own = {table: rows[table].get(place, []) for table in _NUMBERED}
        found.setdefault(place[1], []).append(_view(place, summary[0], own))
    return found


def rows_of(volume: Volume, table: str, names: Collection[str]) -> dict[tuple[str, str], list[Row]]:
    """Rows of some classes, by layer and class, in the table's order; those without a number they need are left out."""
    found: dict[tuple[str, str], list[Row]] = {}
    needed = _NUMBERED.get(table)
    for row in chosen(columns_of(volume, table, TABLES[table]), names).to_pylist():
        if row["layer"] is not None and (needed is None or row[needed] is not None):
            found.setdefault((row["layer"], row["class"]), []).append(row)
    return found


def chosen(table: pa.Table, names: Collection[str], column: str = "class") -> pa.Table:
    """The rows of some classes."""
    return table.filter(pc.is_in(table[column].cast(pa.string()), pa.array(sorted(names), pa.string())))


def _view(place: tuple[str, str], summary: Row, rows: Mapping[str, Sequence[Row]]) -> ClassView:
    crops: dict[int, list[Row]] = {}
    for crop in sorted(rows["crops"], key=lambda row: row["rank"] or 0):
        crops.setdefault(crop["concept"], []).append(crop)
    concepts = sorted(rows["concepts"], key=lambda row: (row["share"] or 0.0, row["importance"] or 0.0), reverse=True)
    strategies = sorted(rows["strategies"], key=lambda row: int(row["strategy"]))
    return ClassView(place[0], place[1], summary, concepts, crops, rows["pictures"], strategies)
