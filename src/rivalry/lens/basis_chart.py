"""The figure of a comparison of bases: how interpretable the directions of each are, and what chance alone would give.

Drawn from the record alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes

from rivalry.lens.drawable import has_columns
from rivalry.lens.page import HUE, INK, LINE, QUIET, TRUE, blank_page, pixels
from rivalry.records import Picture, Record

BASES = {
    "natural": ("the layer's own units", INK),
    "pca": ("principal components", QUIET),
    "random": ("random rotation", QUIET),
    "unsupervised": ("fitted without labels", TRUE),
    "supervised": ("probes of the labels", HUE),
}
"""What each basis is called, and its colour."""

POLICY = "beyond"

_COLUMNS = {"layer": pa.string(), "basis": pa.string(), "policy": pa.string(), "directions": pa.int64()}
_SCORES = ("s1", "s2", "mean_best_auroc")
_NUMBERS = dict.fromkeys((*_SCORES, "s1_shuffled", "s2_shuffled"), pa.float64())
_PANELS = (
    ("s1", "S¹: detectors, over all thresholds", "s1_shuffled", 0.0),
    ("s2", "S²: concepts with a detector", "s2_shuffled", 0.0),
    ("mean_best_auroc", "AUROC, best concept", None, 0.5),
)
_LEFTS, _WIDE = (2.75, 5.75, 8.75), 1.75
_TOP, _BAR = 1.75, 0.29
_MOST_LAYERS = 6

Row: TypeAlias = Mapping[str, Any]


def shows_basis(record: Record) -> bool:
    """Whether a record holds scores of a layer's units and of the fitted basis."""
    table = record.tables.get("bases")
    if table is None or not has_columns(table, {**_COLUMNS, **_NUMBERS}):
        return False
    layers = _layers(table)
    if not layers or not all({"natural", "unsupervised"} <= rows.keys() for rows in layers.values()):
        return False
    rows = [row for found in layers.values() for row in found.values()]
    wanted = ("directions", "s1", "s2", "s1_shuffled", "s2_shuffled")
    if not all(row[name] is not None and 0 <= row[name] < math.inf for row in rows for name in wanted):
        return False
    return all(row["mean_best_auroc"] is None or 0 <= row["mean_best_auroc"] <= 1 for row in rows)


def basis_chart(record: Record) -> Picture:
    """Draw how interpretable each basis is.

    Args:
        record: Of :class:`rivalry.basis.InterpretableBasis`, with masks.

    Returns:
        uint8 (height, 1100, 3); the more layers, the higher.

    Raises:
        ValueError: If the record holds no scores of bases.
    """
    if not shows_basis(record):
        raise ValueError(f"record {record.name!r} compares no bases; wanted one of InterpretableBasis with masks")
    layers = _some(_layers(record.tables["bases"]))
    counts = [len(rows) for rows in layers.values()]
    high = _TOP + sum(counts) * _BAR + 0.75 * len(counts)
    figure, page = blank_page(11.0, high, "Which basis of the layer is more interpretable?", _line(record, layers))
    _draw_legend(page)
    top = _TOP
    for layer, rows in layers.items():
        _draw_layer(page, layer, rows, top)
        top += len(rows) * _BAR + 0.75
    return pixels(figure, page)


def _layers(table: pa.Table) -> dict[str, dict[str, Row]]:
    """Rows of the bases by layer, of the one policy."""
    layers: dict[str, dict[str, Row]] = {}
    for row in table.to_pylist():
        if row["policy"] == POLICY and row["basis"] in BASES and row["layer"] is not None:
            layers.setdefault(row["layer"], {})[row["basis"]] = row
    return layers


def _some(layers: dict[str, dict[str, Row]]) -> dict[str, dict[str, Row]]:
    """All layers, or as many as there is room for, evenly spaced."""
    names = list(layers)
    places = np.linspace(0, len(names) - 1, min(len(names), _MOST_LAYERS)).round().astype(int)
    return {names[place]: layers[names[place]] for place in places}


def _line(record: Record, layers: Mapping[str, Mapping[str, Row]]) -> str:
    gains = [
        f"fitted: {rows['unsupervised']['s1'] / rows['natural']['s1']:.1f}× the units' S¹ in {_short(layer, 20)}"
        for layer, rows in layers.items()
        if rows["natural"]["s1"]
    ]
    said = [f"epoch {record.epoch}", "labels and thresholds chosen on one half, scored on the other", *gains[:1]]
    return "   ·   ".join(said)


def _draw_legend(page: Axes) -> None:
    for (_, title, floor, start), left in zip(_PANELS, _LEFTS, strict=True):
        page.text(left, _TOP - 0.4, title, color=INK, fontsize=10, weight="bold", va="center")
        said = "the bar begins at chance, 0.5" if start else "tick: labels dealt out anew" if floor else ""
        page.text(left, _TOP - 0.18, said, color=QUIET, fontsize=8.5, va="center")


def _draw_layer(page: Axes, layer: str, rows: Mapping[str, Row], top: float) -> None:
    page.text(0.4, top + 0.12, _short(layer, 44), color=INK, fontsize=11.5, weight="bold", va="center")
    names = [name for name in BASES if name in rows]
    heights = {name: top + 0.48 + _BAR * place for place, name in enumerate(names)}
    for name, height in heights.items():
        said, colour = BASES[name]
        page.text(0.4, height, f"{said} ({rows[name]['directions']})", color=colour, fontsize=9, va="center")
    for (score, _, floor, start), left in zip(_PANELS, _LEFTS, strict=True):
        _draw_panel(page, [(heights[name], rows[name], BASES[name][1]) for name in names], score, floor, start, left)


def _draw_panel(
    page: Axes, bars: Sequence[tuple[float, Row, str]], score: str, floor: str | None, start: float, left: float
) -> None:
    """One score of all bases of a layer, a bar each."""
    known = [row[name] for _, row, _ in bars for name in (score, floor) if name is not None and row[name] is not None]
    most = max([*known, start + 0.01]) if start == 0 else 1.0
    ends = [bars[0][0] - _BAR / 2, bars[-1][0] + _BAR / 2]
    page.plot([left, left], ends, color=QUIET, linewidth=0.9, zorder=0)
    for height, row, colour in bars:
        if row[score] is None:
            page.text(left + 0.08, height, "not known", color=QUIET, fontsize=8.5, va="center")
            continue
        long = _WIDE * (row[score] - start) / (most - start)
        page.barh(height, long, 0.17, left=left, color=colour, linewidth=0, alpha=0.6 if colour == QUIET else 1.0)
        chance = 0.0 if floor is None else _WIDE * row[floor] / most
        if floor is not None:
            tick = left + chance
            page.plot([tick, tick], [height - 0.12, height + 0.12], color=LINE, linewidth=3.4, zorder=3)
            page.plot([tick, tick], [height - 0.12, height + 0.12], color=INK, linewidth=1.1, zorder=4)
        said = f"{row[score]:.2f}" if row[score] < 10 else f"{row[score]:.1f}"
        page.text(left + max(long, chance, 0.0) + 0.1, height, said, color=colour, fontsize=9, va="center")


def _short(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"…{name[1 - longest :]}"
