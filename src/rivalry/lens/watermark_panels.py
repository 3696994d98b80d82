"""The panels of the figure of a watermark probe: what the mark does, where it can be read, who carries it, examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes

from rivalry.lens.page import HUE, INK, LINE, QUIET
from rivalry.records import Record

NULL, FLOOR = "#c58b3b", "#b9b6ae"
SHARES = (
    ("attack_success_lift", "taken for the target"),
    ("accuracy_gap", "accuracy lost"),
    ("removal_drop", "target's accuracy won"),
)
SCALES = (
    ("logit_shift", "target's logit, in sd", "{:+.2f}", 0.0),
    ("relevance_lift", "relevance lift", "×{:.1f}", 1.0),
)
RENDERS = ("clean", "marked", "null", "relevance")
_READ = ("decodability", "decodability_low", "decodability_high", "decodability_floor", "decodability_null")
_LEFT, _RIGHT, _TOP = 0.4, 6.35, 1.45
_EXAMPLES, _TILE = 5.15, 0.86

Row: TypeAlias = Mapping[str, Any]


def draw_reliance(page: Axes, metrics: Mapping[str, Row]) -> None:
    """Mark and null mark beneath each other, a pair of dots with their intervals a metric."""
    _head(page, _LEFT, "What the mark does", (("mark", HUE), ("null mark", NULL)))
    left, right, top = _LEFT + 1.75, 5.2, _TOP + 0.57
    pairs = [[metrics[name], metrics[f"{name}_null"]] for name, _ in SHARES]
    low, high = _span([row for pair in pairs for row in pair], around=(0.0, 0.2))
    for place, ((_, words), pair) in enumerate(zip(SHARES, pairs, strict=True)):
        _draw_pair(page, top + 0.52 * place, words, pair, (left, right), (low, high), "{:+.1%}", 0.0)
    for place, (name, words, form, nothing) in enumerate(SCALES):
        pair = [metrics[name], metrics[f"{name}_null"]]
        span = _span(pair, around=(0.0, 2 * nothing or 0.5))
        _draw_pair(page, top + 0.52 * (place + 3) + 0.1, words, pair, (left, right), span, form, nothing)


def _draw_pair(
    page: Axes,
    middle: float,
    words: str,
    pair: Sequence[Row],
    sides: tuple[float, float],
    span: tuple[float, float],
    form: str,
    nothing: float,
) -> None:
    """One metric of the mark, above, and of the null mark, below."""
    page.text(_LEFT, middle, words, color=INK, fontsize=10, va="center")
    page.plot([*sides], [middle, middle], color=LINE, linewidth=0.8, zorder=0)
    zero = _along(nothing, span, sides)
    page.plot([zero, zero], [middle - 0.2, middle + 0.2], color=QUIET, linewidth=0.9, zorder=0)
    for row, colour, height in zip(pair, (HUE, NULL), (middle - 0.09, middle + 0.09), strict=True):
        if row["value"] is None:
            page.text(sides[1] + 0.12, height, "not known", color=QUIET, fontsize=8.5, va="center")
            continue
        if row["low"] is not None and row["high"] is not None:
            ends = [_along(row[end], span, sides) for end in ("low", "high")]
            page.plot(ends, [height, height], color=colour, linewidth=2.2, alpha=0.45, solid_capstyle="round")
        page.scatter([_along(row["value"], span, sides)], [height], s=30, color=colour, linewidths=0, zorder=3)
        page.text(sides[1] + 0.12, height, form.format(row["value"]), color=colour, fontsize=8.5, va="center")


def draw_decodability(page: Axes, layers: Sequence[Row]) -> None:
    """How well a linear probe reads the mark off each layer: that it can be read is no reliance yet."""
    _head(page, _RIGHT, "Where it can be read", (("mark", HUE), ("null mark", NULL), ("untrained network", FLOOR)))
    left, right, top, foot = _RIGHT + 0.45, 10.6, _TOP + 0.5, 4.0
    across = np.linspace(left + 0.25, right - 0.25, len(layers)) if len(layers) > 1 else np.array([(left + right) / 2])
    for share in (0.5, 0.75, 1.0):
        height = _along(share, (0.45, 1.0), (foot, top))
        page.plot([left, right], [height, height], color=LINE, linewidth=0.8, zorder=0)
        page.text(left - 0.08, height, f"{share:.2f}", color=QUIET, fontsize=8.5, ha="right", va="center")
    columns = {name: np.array([np.nan if row[name] is None else row[name] for row in layers]) for name in _READ}
    heights = {name: foot + (values.clip(0.45, 1) - 0.45) / 0.55 * (top - foot) for name, values in columns.items()}
    page.fill_between(
        across, heights["decodability_low"], heights["decodability_high"], color=HUE, alpha=0.15, linewidth=0
    )
    for name, colour in (("decodability_floor", FLOOR), ("decodability_null", NULL), ("decodability", HUE)):
        page.plot(across, heights[name], color=colour, linewidth=1.8, marker="o", markersize=4)
    small = 8 if len(layers) <= 6 else 6.5
    for place, (middle, row) in enumerate(zip(across, layers, strict=True)):
        lower = 0.17 * (place % 2) if len(layers) > 4 else 0.0
        page.text(
            middle, foot + 0.2 + lower, _short(row["layer"], 16), color=QUIET, fontsize=small, ha="center", va="center"
        )
    page.text(left, foot + 0.55, "AUROC of a linear probe on held-out pictures", color=QUIET, fontsize=8.5, va="center")


def draw_examples(page: Axes, record: Record) -> None:
    """A picture a column, a render a row."""
    page.text(_LEFT, _EXAMPLES - 0.25, "What is shown, and what is relevant", color=INK, fontsize=12, weight="bold")
    layout: Any = record.settings["renders"]
    step, side = layout["side"] + layout["gap"], layout["side"]
    sheet = record.images["renders"]
    for column in range(min(len(layout["rows"]), 5)):
        for row, _ in enumerate(RENDERS):
            tile = sheet[column * step : column * step + side, row * step : row * step + side]
            left, top = _LEFT + 0.85 + (_TILE + 0.06) * column, _EXAMPLES + (_TILE + 0.06) * row
            page.imshow(tile, extent=(left, left + _TILE, top + _TILE, top), interpolation="antialiased")
    for row, name in enumerate(RENDERS):
        page.text(_LEFT, _EXAMPLES + (_TILE + 0.06) * row + _TILE / 2, name, color=QUIET, fontsize=9, va="center")


def draw_carriers(page: Axes, layers: Sequence[Row]) -> None:
    """A row a layer: how many units carry the mark, and the attack success with them, without them, without others."""
    marks = (("nothing silent", INK), ("carriers silent", HUE), ("as many others", FLOOR))
    _head(page, _RIGHT, "How few units carry it", marks, height=_EXAMPLES - 0.25)
    step = min(0.42, 2.75 / len(layers))
    left, right = _RIGHT + 2.55, 10.6
    for place, row in enumerate(layers):
        middle = _EXAMPLES + 0.45 + step * place
        page.text(_RIGHT, middle, _short(row["layer"], 18), color=INK, fontsize=9, va="center")
        count = row["carrying_units"]
        said = "none found" if count is None else f"{count} of {row['units']}"
        page.text(left - 0.2, middle, said, color=QUIET if count is None else HUE, fontsize=9, ha="right", va="center")
        page.plot([left, right], [middle, middle], color=LINE, linewidth=0.8, zorder=0)
        for name, colour in zip(
            ("attack_success_random", "attack_success", "attack_success_silenced"), (FLOOR, INK, HUE), strict=True
        ):
            if row[name] is not None:
                page.scatter(
                    [_along(row[name], (0.0, 1.0), (left, right))], [middle], s=34, color=colour, linewidths=0, zorder=3
                )
    foot = _EXAMPLES + 0.45 + step * len(layers) - step / 2 + 0.2
    for share in (0.0, 0.5, 1.0):
        page.text(
            _along(share, (0.0, 1.0), (left, right)),
            foot,
            f"{share:.0%}",
            color=QUIET,
            fontsize=8.5,
            ha="center",
            va="center",
        )
    page.text((left + right) / 2, foot + 0.22, "attack success", color=QUIET, fontsize=8.5, ha="center", va="center")


def _head(page: Axes, left: float, title: str, marks: Sequence[tuple[str, str]], height: float = _TOP - 0.12) -> None:
    """A panel's title and what its colours mean."""
    page.text(left, height, title, color=INK, fontsize=12, weight="bold")
    across = left + 0.05
    for words, colour in marks:
        page.scatter([across], [height + 0.27], s=26, color=colour, linewidths=0)
        page.text(across + 0.1, height + 0.27, words, color=QUIET, fontsize=8.5, va="center")
        across += 0.42 + 0.075 * len(words)


def _span(rows: Sequence[Row], around: tuple[float, float]) -> tuple[float, float]:
    """From the lowest to the highest that is drawn, with a little room."""
    drawn = [row[name] for row in rows for name in ("value", "low", "high") if row[name] is not None]
    low, high = min([around[0], *drawn]), max([around[1], *drawn])
    room = 0.04 * (high - low)
    return low - room, high + room


def _along(value: float, span: tuple[float, float], sides: tuple[float, float]) -> float:
    """Inches at which a value of a span stands between two sides."""
    return sides[0] + (value - span[0]) / (span[1] - span[0]) * (sides[1] - sides[0])


def _short(words: str, longest: int) -> str:
    """The end of a long name, which tells layers apart."""
    return words if len(words) <= longest else f"…{words[1 - longest :]}"
