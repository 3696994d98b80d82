"""The figure of a watermark probe: how far a network relies on a mark, where it is read, and which units carry it.

Drawn from the record alone; its four panels are in :mod:`rivalry.lens.watermark_panels`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from rivalry.lens.drawable import fits_mosaic, has_columns
from rivalry.lens.page import blank_page, pixels
from rivalry.lens.watermark_panels import (
    RENDERS,
    SCALES,
    SHARES,
    Row,
    draw_carriers,
    draw_decodability,
    draw_examples,
    draw_reliance,
)
from rivalry.records import Picture, Record

_RELIANCE = {"metric": pa.string(), "value": pa.float64(), "low": pa.float64(), "high": pa.float64()}
_LAYERS = {"layer": pa.string(), "units": pa.int64(), "carrying_units": pa.int64()} | dict.fromkeys(
    ("decodability", "decodability_low", "decodability_high", "decodability_floor", "decodability_null",
     "attack_success", "attack_success_silenced", "attack_success_random"),
    pa.float64(),
)  # fmt: skip
_MOST_LAYERS = 12


def shows_watermark(record: Record) -> bool:
    """Whether a record holds reliance with intervals, layers, and renders laid out as it says."""
    reliance, layers = record.tables.get("reliance"), record.tables.get("layers")
    if reliance is None or layers is None or not len(layers) or not {"accuracy_clean"} <= record.scalars.keys():
        return False
    if (
        not has_columns(reliance, _RELIANCE)
        or not has_columns(layers, _LAYERS)
        or not isinstance(record.settings.get("target"), str)
    ):
        return False
    metrics = {f"{name}{case}" for name, _, *_ in (*SHARES, *SCALES) for case in ("", "_null")}
    if not metrics <= set(reliance["metric"].to_pylist()) or None in layers["layer"].to_pylist():
        return False
    return None not in layers["units"].to_pylist() and _fits(
        record.images.get("renders"), record.settings.get("renders")
    )


def watermark_chart(record: Record) -> Picture:
    """Draw what a watermark probe has found.

    Args:
        record: Of :class:`rivalry.artefacts.WatermarkProbe`.

    Returns:
        uint8 (900, 1100, 3).

    Raises:
        ValueError: If the record is none of a watermark probe.
    """
    if not shows_watermark(record):
        raise ValueError(f"record {record.name!r} holds no reliance on a mark; wanted one of WatermarkProbe")
    figure, page = blank_page(11.0, 9.0, "Does the network rely on the mark?", _line(record))
    metrics = {row["metric"]: row for row in record.tables["reliance"].to_pylist()}
    layers = _some(record.tables["layers"].to_pylist())
    draw_reliance(page, metrics)
    draw_decodability(page, layers)
    draw_examples(page, record)
    draw_carriers(page, layers)
    return pixels(figure, page)


def _line(record: Record) -> str:
    numbers = record.scalars
    said = [f"epoch {record.epoch}", f"target {_beginning(str(record.settings['target']))!r}"]
    said.append(f"{numbers['accuracy_clean']:.0%} of clean pictures right")
    for name, words in (
        ("attack_success", "marked"),
        ("attack_success_null", "null-marked"),
        ("attack_success_clean", "clean"),
    ):
        if name in numbers and not math.isnan(numbers[name]):
            said.append(f"{numbers[name]:.0%} of {words}")
    return "   ·   ".join(said[:3]) + "   ·   taken for the target: " + ", ".join(said[3:])


def _beginning(name: str, longest: int = 18) -> str:
    """A name, or as much of it as there is room for."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def _some(layers: Sequence[Row]) -> list[Row]:
    """All layers, or as many as there is room for, evenly spaced."""
    places = np.linspace(0, len(layers) - 1, min(len(layers), _MOST_LAYERS)).round().astype(int)
    return [layers[place] for place in places]


def _fits(sheet: Picture | None, layout: Any) -> bool:
    """Whether a layout is whole, and the sheet of renders as large as it says."""
    if (
        not isinstance(layout, dict)
        or layout.get("columns") != list(RENDERS)
        or not isinstance(layout.get("rows"), list)
    ):
        return False
    side = layout.get("side")
    return fits_mosaic(sheet, (len(layout["rows"]), len(RENDERS)), (side, side), layout.get("gap"))
