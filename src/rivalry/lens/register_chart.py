"""The figure of the register probe: norms and attention by layer, and where long patches lie on some pictures.

Drawn from the record alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from matplotlib.axes import Axes

from rivalry.lens.drawable import fits_mosaic, has_columns
from rivalry.lens.page import FALSE, HUE, INK, LINE, QUIET, blank_page, pixels
from rivalry.records import Picture, Record

_LEVELS = (("largest", FALSE, "-"), ("high", "#c58b3b", "-"), ("threshold", INK, ":"), ("median", HUE, "-"))
_SAID = {"largest": "longest", "high": "99.9 %", "threshold": "threshold", "median": "median"}
_GROUPS = (
    ("enrichment_class", HUE, "-", "class token"),
    ("enrichment_register", "#3d8361", "-", "registers"),
    ("enrichment_outlier", FALSE, "-", "outliers"),
    ("enrichment_permuted", QUIET, ":", "as many others"),
)
_COLUMNS = {"layer": pa.string(), **{name: pa.float64() for name, *_ in (*_LEVELS, *_GROUPS)}}
_TOP, _FOOT, _MAPS = 1.85, 4.25, 5.7
_WIDEST = 1.55  # inches of a tile


@dataclass(frozen=True)
class _Panel:
    """A chart on the page, in inches, over a logarithmic scale."""

    left: float
    right: float
    low: float
    high: float
    layers: int

    def across(self, layer: int) -> float:
        return self.left + (layer + 0.5) / self.layers * (self.right - self.left)

    def down(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return _FOOT - min(max(share, 0.0), 1.0) * (_FOOT - _TOP)


def shows_registers(record: Record) -> bool:
    """Whether a record holds norms and enrichments of layers, and a mosaic of norm maps that is as large as it says."""
    table, layout = record.tables.get("layers"), record.settings.get("norm_maps")
    said = isinstance(record.settings.get("verdict"), str) and "images" in record.settings
    if table is None or not said or not isinstance(layout, dict) or not has_columns(table, _COLUMNS):
        return False
    rows = table.to_pylist()
    if not rows or not all(_positive(row[name]) for row in rows for name, *_ in _LEVELS):
        return False
    return _fits(record.images.get("norm_maps"), layout)


def register_chart(record: Record) -> Picture:
    """Draw norms and enrichment by layer, and the norm maps.

    Args:
        record: Of :class:`rivalry.artefacts.RegisterProbe`.

    Returns:
        uint8 (height, width, 3), 1100 pixels wide.

    Raises:
        ValueError: If the record holds no norms of layers, or no norm maps.
    """
    if not shows_registers(record):
        raise ValueError(f"record {record.name!r} holds no norms of patches to draw; wanted one of RegisterProbe")
    rows = record.tables["layers"].to_pylist()
    layout: Any = record.settings["norm_maps"]
    tile = min(_WIDEST, 10.2 / len(layout["columns"]) - 0.06)
    scale = tile / layout["width"]
    height = _MAPS + record.images["norm_maps"].shape[0] * scale + 0.35
    figure, page = blank_page(11.0, height, "Patches as registers", _line(record))
    _draw_norms(page, rows)
    _draw_attention(page, rows)
    _draw_maps(page, record.images["norm_maps"], layout, scale)
    return pixels(figure, page)


def _draw_norms(page: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    known = [row[name] for row in rows for name, *_ in _LEVELS]
    panel = _Panel(0.95, 5.35, min(known) / 1.15, max(known) * 1.15, len(rows))
    _draw_frame(page, panel, "norms of patches", _short([row["layer"] for row in rows]))
    at = panel.left
    for name, colour, style in _LEVELS:
        _draw_line(page, panel, [row[name] for row in rows], colour, style)
        at = _say(page, at, _SAID[name], colour, style)


def _draw_attention(page: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    known = [row[name] for row in rows for name, *_ in _GROUPS if _positive(row[name])]
    panel = _Panel(6.25, 10.65, min([*known, 0.8]) / 1.15, max([*known, 1.25]) * 1.15, len(rows))
    _draw_frame(page, panel, "attention received, over an even share", _short([row["layer"] for row in rows]))
    page.plot([panel.left, panel.right], [panel.down(1)] * 2, color=INK, linewidth=0.9, alpha=0.5)
    at = panel.left
    for name, colour, style, said in _GROUPS:
        values = [row[name] if _positive(row[name]) else None for row in rows]
        if any(value is not None for value in values):
            _draw_line(page, panel, values, colour, style)
            at = _say(page, at, said, colour, style)


def _draw_frame(page: Axes, panel: _Panel, title: str, names: Sequence[str]) -> None:
    """Title, grid, and the names of layers below."""
    page.text(panel.left, _TOP - 0.5, title, color=INK, fontsize=11, va="center")
    for tick in _ticks(panel.low, panel.high):
        page.plot([panel.left, panel.right], [panel.down(tick)] * 2, color=LINE, linewidth=0.8, zorder=0)
        page.text(panel.left - 0.1, panel.down(tick), f"{tick:g}", color=QUIET, fontsize=9, ha="right", va="center")
    step = -(-len(names) // 12)
    for layer in range(0, len(names), step):
        place = panel.across(layer)
        page.text(place, _FOOT + 0.18, names[layer], color=QUIET, fontsize=9, ha="center", va="center")
    page.text((panel.left + panel.right) / 2, _FOOT + 0.42, "block", color=QUIET, fontsize=9, ha="center", va="center")


def _draw_line(page: Axes, panel: _Panel, values: Sequence[float | None], colour: str, style: str) -> None:
    places = [panel.across(layer) for layer in range(len(values))]
    heights = [math.nan if value is None else panel.down(value) for value in values]
    dots = "o" if style == "-" else None
    page.plot(places, heights, color=colour, linewidth=1.7, linestyle=style, marker=dots, markersize=3.5)


def _say(page: Axes, left: float, said: str, colour: str, style: str) -> float:
    """A line's name beside a piece of it; returns where the next may begin."""
    height = _TOP - 0.23
    page.plot([left, left + 0.24], [height, height], color=colour, linewidth=1.7, linestyle=style)
    page.text(left + 0.31, height, said, color=QUIET, fontsize=9, va="center")
    return left + 0.5 + 0.078 * len(said)


def _draw_maps(page: Axes, sheet: Picture, layout: Mapping[str, Any], scale: float) -> None:
    """The mosaic, with the names of its columns above."""
    left, step = 0.4, (layout["width"] + layout["gap"]) * scale
    page.text(left, _MAPS - 0.47, "where they lie", color=INK, fontsize=11, va="center")
    words = "bluer: longer, up to the threshold; red: an outlier"
    page.text(left + 1.2, _MAPS - 0.46, words, color=QUIET, fontsize=9, va="center")
    for place, name in enumerate(layout["columns"]):
        page.text(left + place * step, _MAPS - 0.15, str(name), color=QUIET, fontsize=9, va="center")
    down, across = sheet.shape[0] * scale, sheet.shape[1] * scale
    page.imshow(sheet, extent=(left, left + across, _MAPS + down, _MAPS), interpolation="antialiased")


def _line(record: Record) -> str:
    said = [f"epoch {record.epoch}", f"{record.settings['images']} pictures", f"verdict: {record.settings['verdict']}"]
    return "   ·   ".join(said)


def _short(names: Sequence[str]) -> list[str]:
    """Names without the words that all of them begin with: of blocks their numbers.

    >>> _short(["blocks.0", "blocks.1"]), _short(["a.norm"]), _short(["encoder.layer_2", "encoder.layer_3"])
    (['0', '1'], ['norm'], ['2', '3'])
    """
    return [name.replace("_", ".").rsplit(".", 1)[-1] for name in names]


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between two, six at most."""
    for steps in ((1, 2, 5), (1, 3), (1,)):
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [step * 10.0**power for power in decades for step in steps if low <= step * 10.0**power <= high]
        if len(found) <= 6:
            return found
    return found[:: -(-len(found) // 6)]


def _positive(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and value > 0


def _fits(sheet: Picture | None, layout: Mapping[str, Any]) -> bool:
    """Whether the layout is whole, and the mosaic as large as it says."""
    columns = layout.get("columns")
    if not isinstance(columns, list):
        return False
    size = (layout.get("height"), layout.get("width"))
    return fits_mosaic(sheet, (layout.get("rows"), len(columns)), size, layout.get("gap"))
