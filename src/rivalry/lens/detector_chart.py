"""The figure of a dissection by masks: which concepts are detected, which cannot be, and what the best detectors mark.

Drawn from the record alone; its three panels are in :mod:`rivalry.lens.detector_panels`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from rivalry.lens.detector_panels import COLOURS, Row, draw_categories, draw_trap, draw_units, tile_size
from rivalry.lens.drawable import fits_mosaic, has_columns
from rivalry.lens.page import INK, blank_page, pixels
from rivalry.records import Picture, Record

_UNITS = {"layer": pa.string(), "unit": pa.int64(), "label": pa.string(), "category": pa.string()}
_UNITS |= {"iou": pa.float64(), "auroc": pa.float64()}
_CONCEPTS = {"layer": pa.string(), "concept": pa.string(), "category": pa.string()}
_CONCEPTS |= dict.fromkeys(("area", "ceiling", "iou", "iou_chosen"), pa.float64())
_CATEGORIES = {"layer": pa.string(), "policy": pa.string(), "category": pa.string()}
_CATEGORIES |= dict.fromkeys(("detectors", "unique_detectors", "unique_beyond_area"), pa.int64())
_SCALARS = frozenset({"units", "detectors", "unique_detectors", "concepts", "undetectable_concepts"})
_MOST_LAYERS = 4
_LEAST = 4.6


def shows_detectors(record: Record) -> bool:
    """Whether a record holds units and concepts of a dissection by masks, and a sheet of units, if any, that fits."""
    tables = [record.tables.get(name) for name in ("units", "concepts", "categories")]
    wanted = (_UNITS, _CONCEPTS, _CATEGORIES)
    if not all(
        table is not None and len(table) and has_columns(table, columns)
        for table, columns in zip(tables, wanted, strict=True)
    ):
        return False
    level = record.settings.get("quantile")
    if not record.scalars.keys() >= _SCALARS or not isinstance(level, float) or not 0 < level < 1:
        return False
    counts = record.tables["categories"]
    if any(None in counts[name].to_pylist() for name in _CATEGORIES):
        return False
    return "detectors" not in record.images or _fits(record)


def detector_chart(record: Record) -> Picture:
    """Draw what a dissection by masks has found.

    Args:
        record: Of :class:`rivalry.basis.NetworkDissection`.

    Returns:
        uint8 (height, 1100, 3).

    Raises:
        ValueError: If the record is none of a dissection by masks.
    """
    if not shows_detectors(record):
        raise ValueError(f"record {record.name!r} holds no detectors to draw; wanted one of NetworkDissection")
    counts = record.tables["categories"].to_pylist()
    layers = _some(list(dict.fromkeys(row["layer"] for row in counts)))
    policies = list(dict.fromkeys(row["policy"] for row in counts))
    rows = sum(1 for layer, _ in {(row["layer"], row["policy"]) for row in counts} if layer in layers)
    foot = max(_LEAST, 1.8 + 0.35 * len(layers) + 0.205 * rows + 0.45)
    layout: Any = record.settings.get("detectors") if "detectors" in record.images else None
    across, down = tile_size(layout) if layout else (0.0, 0.0)
    height = foot + 0.35 + (0.45 + len(layout["rows"]) * (down + 0.07) if layout else 0.0)
    figure, page = blank_page(11.0, height, "What the units detect", _line(record))
    draw_categories(page, counts, layers, policies)
    level: Any = record.settings["quantile"]
    of = "pixels" if record.settings.get("policy") == "quantile_2020" else "places"
    draw_trap(page, _best_of_layers(record.tables["concepts"].to_pylist()), level, foot, of)
    if layout:
        page.text(0.4, foot + 0.48, "The best detectors, and what they mark", color=INK, fontsize=12, weight="bold")
        draw_units(page, record, foot + 0.7, across, down)
    return pixels(figure, page)


def _line(record: Record) -> str:
    numbers = record.scalars
    return "   ·   ".join(
        [
            f"epoch {record.epoch}",
            f"{numbers['detectors']:.0f} of {numbers['units']:.0f} units are detectors",
            f"of {numbers['unique_detectors']:.0f} of {numbers['concepts']:.0f} concepts",
            f"{numbers['undetectable_concepts']:.0f} concepts cannot be detected at this threshold",
        ]
    )


def _best_of_layers(rows: Sequence[Row]) -> list[Row]:
    """Each concept once, with what the best unit of any layer comes to."""
    by_concept: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_concept.setdefault((row["concept"], row["category"]), []).append(row)
    return [
        {
            **of_layers[0],
            **{name: _highest([row[name] for row in of_layers]) for name in ("ceiling", "iou", "iou_chosen")},
        }
        for of_layers in by_concept.values()
    ]


def _highest(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _some(layers: Sequence[str]) -> list[str]:
    """All layers, or as many as there is room for, evenly spaced."""
    places = np.linspace(0, len(layers) - 1, min(len(layers), _MOST_LAYERS)).round().astype(int)
    return [layers[place] for place in places]


def _fits(record: Record) -> bool:
    """Whether a layout is whole, the sheet as large as it says, and its units are labelled ones of the table."""
    layout: Any = record.settings.get("detectors")
    if not isinstance(layout, dict) or not isinstance(layout.get("rows"), list):
        return False
    counts, size = (len(layout["rows"]), layout.get("columns")), (layout.get("height"), layout.get("width"))
    if not fits_mosaic(record.images["detectors"], counts, size, layout.get("gap")):
        return False
    scored = {
        (row["layer"], row["unit"])
        for row in record.tables["units"].to_pylist()
        if row["label"] is not None and row["category"] in COLOURS and row["iou"] is not None
    }
    return all(isinstance(row, dict) and (row.get("layer"), row.get("unit")) in scored for row in layout["rows"])
