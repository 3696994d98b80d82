"""Figures of a record to move about in, each a whole HTML document by itself: for Weights & Biases, or to send around.

A document asks nobody for anything: style, script and pictures are in it. All words from outside are escaped.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from markupsafe import Markup
from PIL import Image

from rivalry.lens.class_view import ClassView, Row, explained_classes, view_class
from rivalry.lens.site.classes.shown import Places, ShownClass, answer, shown_class
from rivalry.lens.site.sheets import environment
from rivalry.records import Record

MOST_BYTES = 1_500_000
"""Of the classes of one document; its style and script come on top."""

_ASSETS = Path(__file__).parent / "site" / "assets"
_QUALITY, _CROPS = 70, 4


def interactive_of(record: Record) -> Mapping[str, str]:
    """The figures of a record by name, such as ``strategies`` of one of ConceptExtraction; none of other records."""
    return {"strategies": strategies_document(record)} if explained_classes(record) else {}


def strategies_document(record: Record, most_bytes: int = MOST_BYTES) -> str:
    """The graphs of a record's classes, one at a time: that with the least reliable strategy first.

    Args:
        record: Of :class:`rivalry.concepts.ConceptExtraction`.
        most_bytes: That the classes may take, one class at least; it says which have found no room.

    Raises:
        ValueError: If the record holds no concepts.
    """
    shown: list[ShownClass] = []
    left_out: list[tuple[str, str]] = []
    taken = 0
    for layer, name in _in_order(record):
        if taken > most_bytes:
            left_out.append((layer, name))
            continue
        one = _shown(record, layer, name)
        size = _size(one)
        if shown and taken + size > most_bytes:
            left_out, taken = [(layer, name)], most_bytes + 1
            continue
        shown.append(one)
        taken += size
    return _document(record, shown, left_out)


def _in_order(record: Record) -> Iterator[tuple[str, str]]:
    """Layers and classes: that which the record's page is of, then the others as they stand."""
    first = view_class(record)
    yield first.layer, first.name
    yield from (place for place in explained_classes(record) if place != (first.layer, first.name))


def _shown(record: Record, layer: str, name: str) -> ShownClass:
    view = view_class(record, layer, name)
    thumbnails = {row["index"]: row["thumbnail"] for row in view.pictures if "index" in row}
    return shown_class(_whole(view), Places(lambda index: _source(thumbnails.get(index)), _crop), _CROPS)


def _whole(view: ClassView) -> ClassView:
    """The class with an index of every picture and crop, also where the record names none."""
    pictures = [{"index": None, "label": None, **row} for row in view.pictures]
    crops = {concept: [{"index": None, **row} for row in rows] for concept, rows in view.crops.items()}
    return ClassView(view.layer, view.name, view.summary, view.concepts, crops, pictures, view.strategies)


def _crop(view: ClassView, crop: Row) -> str | None:
    return _source(crop["picture"])


def _source(picture: bytes | None) -> str | None:
    """A picture as a data URI, a quarter as large as it was; None for what is no picture."""
    if picture is None:
        return None
    small = io.BytesIO()
    try:
        with Image.open(io.BytesIO(picture)) as opened:
            opened.convert("RGB").save(small, "WEBP", quality=_QUALITY)
    except (OSError, ValueError):
        return None
    return f"data:image/webp;base64,{base64.b64encode(small.getvalue()).decode('ascii')}"


def _size(one: ShownClass) -> int:
    crops = sum(len(crop.source) for concept in one.concepts for crop in concept.crops)
    return len(one.plot) + len(one.logit) + crops + 600 * (len(one.concepts) + len(one.strategies))


def _document(record: Record, shown: Sequence[ShownClass], left_out: Sequence[tuple[str, str]]) -> str:
    style = (_ASSETS / "lens.css").read_text(encoding="utf-8")
    script = (_ASSETS / "strategies.js").read_text(encoding="utf-8")
    own = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return environment().get_template("interactive.html").render(
        record=record, shown=[(one, answer(one)) for one in shown], left_out=left_out,
        several=len({layer for layer, _ in explained_classes(record)}) > 1,
        policy=f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{own}'",
        style=Markup(style), script=Markup(script),
    )  # fmt: skip
