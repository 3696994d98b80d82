"""A panel of curves over the layers of a network, from shallow to deep, on a page in inches."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from rivalry.lens.page import INK, LINE, QUIET, round_ticks

NAMES_APART = 0.3
"""Inches between the names below a panel, at least; where layers lie closer, some are named, evenly spaced."""


@dataclass(frozen=True)
class DepthPanel:
    """Where a panel is on the page, in inches, and what it spans.

    Attributes:
        left: Of its frame.
        top: Of its frame.
        wide: Of its frame.
        high: Of its frame.
        layers: How many there are.
        least: Lowest value with a height of its own; what is lower is drawn there.
        most: Highest value with a height of its own.
    """

    left: float
    top: float
    wide: float
    high: float
    layers: int
    least: float
    most: float

    def x(self, depth: int) -> float:
        """Where a layer is."""
        return self.left + (depth + 0.5) / self.layers * self.wide

    def y(self, value: float) -> float:
        """Where a value is, or the edge that is nearest."""
        share = (value - self.least) / (self.most - self.least)
        return self.top + self.high * (1 - min(max(share, 0.0), 1.0))


def draw_frame(page: Axes, panel: DepthPanel, title: str, said: str = "", *, small: bool = False) -> None:
    """Draw title, a word below it, and a grid of round numbers."""
    page.text(panel.left, panel.top - (0.14 if small else 0.4), title, color=INK, fontsize=9 if small else 12,
              weight="bold", va="center")  # fmt: skip
    page.text(panel.left, panel.top - 0.16, said, color=QUIET, fontsize=9, va="center")
    ticks = round_ticks(panel.least, panel.most)
    for tick in [one for one in (0.0, 1.0) if panel.least <= one <= panel.most] if small else ticks:
        height = panel.y(tick)
        page.plot([panel.left, panel.left + panel.wide], [height] * 2, color=LINE, linewidth=0.8, zorder=0)
        page.text(panel.left - 0.07, height, f"{tick:g}", color=QUIET, fontsize=7.5 if small else 9, ha="right",
                  va="center")  # fmt: skip


def draw_names(page: Axes, panel: DepthPanel, names: Mapping[int, str]) -> None:
    """Write the names of layers below a panel."""
    depths = sorted(names)
    step = max(1, math.ceil(NAMES_APART * panel.layers / panel.wide))
    for depth in depths[::step]:
        page.text(panel.x(depth) + 0.04, panel.top + panel.high + 0.08, names[depth], color=QUIET, fontsize=7.5,
                  ha="right", va="top", rotation=38, rotation_mode="anchor")  # fmt: skip


def draw_curve(
    page: Axes, panel: DepthPanel, points: Mapping[int, float | None], colour: str, style: str = "-", wide: float = 1.8
) -> None:
    """Draw a curve, with gaps where nothing is known, and triangles where it leaves the panel."""
    depths = range(panel.layers)
    known = [points.get(depth) for depth in depths]
    heights = [math.nan if value is None else panel.y(value) for value in known]
    dots = "o" if style == "-" else None
    across = [panel.x(depth) for depth in depths]
    page.plot(across, heights, color=colour, linewidth=wide, linestyle=style, marker=dots, markersize=wide * 1.7)
    for depth, value in zip(depths, known, strict=True):
        if value is not None and not panel.least <= value <= panel.most:
            up = value > panel.most
            page.plot([panel.x(depth)], [panel.y(value) + (-0.06 if up else 0.06)], color=colour, linestyle="",
                      marker="^" if up else "v", markersize=wide * 2.6)  # fmt: skip


def draw_band(
    page: Axes, panel: DepthPanel, ends: Mapping[int, tuple[float | None, float | None]], colour: str
) -> None:
    """Shade where a curve may lie, wherever both ends are known."""
    depths = range(panel.layers)
    pairs = [ends.get(depth, (None, None)) for depth in depths]
    low, high = ([math.nan if one is None else panel.y(one) for one in side] for side in zip(*pairs, strict=True))
    page.fill_between([panel.x(depth) for depth in depths], low, high, color=colour, alpha=0.16, linewidth=0)


def span(
    values: Sequence[float | None], *, least: float, most: float, limits: tuple[float, float]
) -> tuple[float, float]:
    """What a panel spans: some range at least, all values if they lie within limits.

    >>> span([0.5, None, -0.2, 9.0], least=0, most=1, limits=(-1, 2))
    (-0.2, 2)
    """
    known = [value for value in values if value is not None]
    return max(min([least, *known]), limits[0]), min(max([most, *known]), limits[1])
