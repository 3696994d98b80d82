"""Records of concepts made up for the tests of a class' page: what is in them is what the page must show."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from rivalry.lens.class_view import COLUMNS
from rivalry.records import Record

Rows = list[dict[str, Any]]


def flat(colour: tuple[int, int, int], size: tuple[int, int] = (12, 12)) -> bytes:
    """A picture of one colour, as PNG; size is height and width."""
    written = io.BytesIO()
    Image.fromarray(np.broadcast_to(np.array(colour, np.uint8), (*size, 3)).copy()).save(written, "PNG")
    return written.getvalue()


def class_rows(
    name: str = "tree",
    *,
    layer: str = "layer4",
    shares: tuple[float | None, ...] = (0.5, 0.25, -0.1),
    decided: tuple[int, ...] = (30, 10, 4),
    accuracies: tuple[float, ...] = (0.9, 0.4),
    logit: float | None = 8.0,
) -> dict[str, Rows]:
    """The rows of one class by table: as many pictures as are decided, half of them marked, in two strategies."""
    key = {"layer": layer, "class": name}
    images = sum(decided)
    dominant = [concept for concept, count in enumerate(decided) for _ in range(count)]
    known = [share for share in shares if share is not None]
    angles = np.linspace(0, 2 * np.pi, images, endpoint=False)
    return {
        "classes": [
            {**key, "images": images, "accuracy": 0.75, "logit": logit, "strategies": len(accuracies)}
            | {"unexplained": 1 - sum(known) if known else None, "marked_share": 0.5, "marked_ami": 0.3}
        ],
        "concepts": [
            {**key, "concept": concept, "name": f"thing{concept}", "importance": 1.0 - concept, "share": share}
            | {"prevalence": decided[concept] / images, "reliability": 0.5, "aligned_classes": ["tree", "car"]}
            | {"alignments": [0.9, 0.1], "similar": ["car:2"], "similarities": [0.8]}
            for concept, share in enumerate(shares)
        ],
        "crops": [
            {**key, "concept": concept, "rank": rank, "picture": flat((250, 20 * rank, 20 * concept))}
            for concept in range(len(shares))
            for rank in range(10)
        ],
        "pictures": [
            {**key, "correct": place % 4 > 0, "marked": place % 2 == 0, "x": np.cos(angle), "y": np.sin(angle)}
            | {"strategy": int(place >= images / 2), "dominant": dominant[place], "thumbnail": flat((255, 0, 255))}
            for place, angle in enumerate(angles)
        ],
        "strategies": [
            {**key, "strategy": number, "images": images // 2, "accuracy": accuracy, "marked_share": 0.5}
            | {"concepts": [0, 1], "differences": [1.5, -0.5]}
            for number, accuracy in enumerate(accuracies)
        ],
    }


def concept_record(*classes: dict[str, Rows]) -> Record:
    """A record of classes."""
    tables = {
        name: pa.Table.from_pylist([row for one in classes for row in one[name]], pa.schema(list(columns.items())))
        for name, columns in COLUMNS.items()
    }
    return Record("concepts", 3, 60, tables=tables)
