"""The figure of naturalness: whether prototypes pass through the layers as natural pictures of their target do.

Above all targets together, as curves and as the similarities that they are made of; below every target by itself. Drawn
from the record alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes

from rivalry.lens.depth_panel import DepthPanel, draw_band, draw_curve, draw_frame, draw_names, span
from rivalry.lens.drawable import has_columns
from rivalry.lens.page import FALSE, HUE, INK, LINE, QUIET, TRUE, blank_page, pixels
from rivalry.records import Picture, Record

METHODS = {"prototype": ("prototype", HUE), "fourier": ("plain Fourier visualisation", FALSE)}
"""What each method is called, and its colour."""

_BASELINES = {"same_spearman": ("pictures of the target", TRUE, "--"), "other_spearman": ("other pictures", QUIET, ":")}
_NUMBERS = ("spearman", "same_spearman", "other_spearman", "normalised", "low", "high")
_KEY = {"method": pa.string(), "layer": pa.string(), "depth": pa.int64()}
_LAYERS = {**_KEY, "targets": pa.int64(), **dict.fromkeys((*_NUMBERS, "above"), pa.float64())}
_TARGETS = {**_KEY, "target": pa.string(), "copy": pa.int64(), **dict.fromkeys(_NUMBERS, pa.float64())}

_TOP, _HIGH, _NAMES = 2.1, 2.5, 1.0
_ACROSS, _WIDE, _LOW, _STEP = 5, 1.72, 0.85, 1.3  # of the panels of single targets
_MOST_TARGETS = 20
_LIMITS, _LIMITS_LOW = (-2.0, 2.0), (-1.0, 2.0)

Row: TypeAlias = Mapping[str, Any]


def shows_naturalness(record: Record) -> bool:
    """Whether a record holds the naturalness of paths, by target and of all together."""
    layers, targets = record.tables.get("naturalness_layers"), record.tables.get("naturalness")
    if layers is None or targets is None or not len(layers) or not len(targets):
        return False
    if not has_columns(layers, _LAYERS) or not has_columns(targets, _TARGETS):
        return False
    rows = [*layers.to_pylist(), *targets.to_pylist()]
    places = {(row["layer"], row["depth"]) for row in rows}
    if {depth for _, depth in places} != set(range(len(places))) or None in {layer for layer, _ in places}:
        return False
    known = [row[name] for row in rows for name in _NUMBERS if row[name] is not None]
    return all(math.isfinite(number) for number in known) and {row["method"] for row in rows} <= METHODS.keys()


def naturalness_chart(record: Record) -> Picture:
    """Draw how natural the path of prototypes is, layer by layer.

    Args:
        record: Of :class:`rivalry.prototypes.Prototypes`.

    Returns:
        uint8 (height, 1100, 3); the more targets, the higher.

    Raises:
        ValueError: If the record holds no naturalness.
    """
    if not shows_naturalness(record):
        raise ValueError(f"record {record.name!r} holds no naturalness of paths to draw; wanted one of Prototypes")
    layers = record.tables["naturalness_layers"].to_pylist()
    targets = _by_target(record.tables["naturalness"].to_pylist())
    lines = -(-len(targets) // _ACROSS)
    high = _TOP + _HIGH + _NAMES + 0.4 + _STEP * lines
    figure, page = blank_page(11.0, high, "Do prototypes pass as natural pictures do?", _line(record, layers))
    names = {row["depth"]: row["layer"] for row in layers}
    _draw_legend(page, layers)
    _draw_together(page, layers, names)
    _draw_similarities(page, layers, names)
    _draw_targets(page, targets, len(names), _TOP + _HIGH + _NAMES + 0.5)
    return pixels(figure, page)


def _line(record: Record, layers: Sequence[Row]) -> str:
    ours = [row for row in layers if row["method"] == "prototype" and row["normalised"] is not None]
    above = [row["above"] > 0 for row in ours if row["above"] is not None]
    counts = [row["targets"] for row in layers if row["targets"] is not None]
    said = [f"epoch {record.epoch}", _counted(max(counts, default=0), "target")]
    if above:
        said.append(f"more natural than the plain visualisation in {sum(above)} of {_counted(len(above), 'layer')}")
    return "   ·   ".join(said)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _draw_together(page: Axes, layers: Sequence[Row], names: Mapping[int, str]) -> None:
    """The curves of all targets, with their intervals."""
    numbers = [row[name] for row in layers for name in ("normalised", "low", "high")]
    least, most = span(numbers, least=-0.1, most=1.1, limits=_LIMITS)
    panel = DepthPanel(0.75, _TOP, 5.6, _HIGH, len(names), least, most)
    draw_frame(page, panel, "Normalised similarity", "1: as another picture of the target   ·   0: as other pictures")
    for value, colour in ((1.0, TRUE), (0.0, QUIET)):
        page.plot([panel.left, panel.left + panel.wide], [panel.y(value)] * 2, color=colour, linewidth=1.0, alpha=0.7)
    for method, (_, colour) in METHODS.items():
        own = {row["depth"]: row for row in layers if row["method"] == method}
        draw_band(page, panel, {depth: (row["low"], row["high"]) for depth, row in own.items()}, colour)
        draw_curve(page, panel, {depth: row["normalised"] for depth, row in own.items()}, colour)
    unknown = names.keys() - {row["depth"] for row in layers if row["normalised"] is not None}
    for depth in unknown:
        half = panel.wide / panel.layers / 2
        page.fill_betweenx([panel.top, panel.top + panel.high], panel.x(depth) - half, panel.x(depth) + half,
                           color=LINE, alpha=0.45, linewidth=0, zorder=0)  # fmt: skip
    if unknown:
        said = "grey: the layer does not tell pictures of the target from others"
        page.text(panel.left, panel.top + panel.high + _NAMES - 0.03, said, color=QUIET, fontsize=8.5, va="center")
    draw_names(page, panel, names)


def _draw_similarities(page: Axes, layers: Sequence[Row], names: Mapping[int, str]) -> None:
    """What the curves are made of."""
    numbers = [row[name] for row in layers for name in _NUMBERS[:3]]
    panel = DepthPanel(7.0, _TOP, 3.6, _HIGH, len(names), *span(numbers, least=0.0, most=0.5, limits=(-1.0, 1.0)))
    draw_frame(page, panel, "Rank correlation", "with pictures of the target, mean over pairs")
    own = {row["depth"]: row for row in layers}
    for name, (_, colour, style) in _BASELINES.items():
        draw_curve(page, panel, {depth: row[name] for depth, row in own.items()}, colour, style, 1.4)
    for method, (_, colour) in METHODS.items():
        made = {row["depth"]: row["spearman"] for row in layers if row["method"] == method}
        draw_curve(page, panel, made, colour, wide=1.4)
    draw_names(page, panel, names)


def _draw_legend(page: Axes, layers: Sequence[Row]) -> None:
    left = 0.75
    entries = [(*METHODS[method], "-") for method in METHODS if any(row["method"] == method for row in layers)]
    for said, colour, style in (*entries, *_BASELINES.values()):
        page.plot([left, left + 0.28], [1.27, 1.27], color=colour, linewidth=1.8, linestyle=style)
        page.text(left + 0.36, 1.27, said, color=INK, fontsize=9.5, va="center")
        left += 0.75 + 0.078 * len(said)


def _by_target(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows of all targets, or of as many as there is room for, evenly spaced."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["target"], []).append(row)
    names = list(found)
    places = np.linspace(0, len(names) - 1, min(len(names), _MOST_TARGETS)).round().astype(int)
    return {names[place]: found[names[place]] for place in places}


def _draw_targets(page: Axes, targets: Mapping[str, Sequence[Row]], layers: int, top: float) -> None:
    """A small panel each; a line a copy, and of a single one its interval over pictures."""
    numbers = [row["normalised"] for rows in targets.values() for row in rows]
    least, most = span(numbers, least=-0.1, most=1.1, limits=_LIMITS_LOW)
    for place, (target, rows) in enumerate(targets.items()):
        left, down = 0.75 + (_WIDE + 0.31) * (place % _ACROSS), top + _STEP * (place // _ACROSS)
        panel = DepthPanel(left, down, _WIDE, _LOW, layers, least, most)
        draw_frame(page, panel, _short(target, 24), small=True)
        for method, (_, colour) in reversed(METHODS.items()):
            copies = sorted({row["copy"] for row in rows if row["method"] == method})
            for copy in copies:
                own = {row["depth"]: row for row in rows if (row["method"], row["copy"]) == (method, copy)}
                draw_curve(page, panel, {depth: row["normalised"] for depth, row in own.items()}, colour, wide=1.1)
                if len(copies) == 1:
                    draw_band(page, panel, {depth: (row["low"], row["high"]) for depth, row in own.items()}, colour)
        if all(row["normalised"] is None for row in rows):
            middle = left + _WIDE / 2, down + _LOW / 2
            page.text(*middle, "no scale", color=QUIET, fontsize=9, ha="center", va="center")


def _short(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
