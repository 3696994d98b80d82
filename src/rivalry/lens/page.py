"""The paper that figures are drawn on: a page in inches, its origin at the upper left, and the house's colours."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rivalry.records import Picture

PAPER, INK, QUIET, LINE = "#fcfbf8", "#23262d", "#83868e", "#e4e1d9"
TRUE, FALSE, HUE = "#3d8361", "#b9654a", "#4a6fa5"
_DPI = 100


def blank_page(width: float, height: float, title: str, subtitle: str) -> tuple[Figure, Axes]:
    """A page in inches with a title; what is put on it is placed in inches from its upper left."""
    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    page = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    page.set_xlim(0, width)
    page.set_ylim(height, 0)
    page.axis("off")
    page.text(0.4, 0.48, title, color=INK, fontsize=19, weight="bold", va="center")
    page.text(0.4, 0.84, subtitle, color=QUIET, fontsize=10.5, va="center")
    return figure, page


def pixels(figure: Figure, page: Axes) -> Picture:
    """The page as it looks: uint8 (height, width, 3), 100 pixels an inch."""
    width, height = figure.get_size_inches()
    page.set_xlim(0, width)  # pictures on the page have moved its limits
    page.set_ylim(height, 0)
    page.set_aspect("auto")
    for text in page.texts:
        text.set_parse_math(False)  # a word with dollar signs is no formula
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()  # type: ignore[no-untyped-call]


def round_ticks(least: float, most: float) -> list[float]:
    """Some round numbers of a range that holds 0.

    >>> [round(tick, 1) for tick in round_ticks(0.0, 0.57)]
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    """
    steps = (step * 10.0**power for power in range(-2, 9) for step in (1, 2, 5))
    step = next(step for step in steps if (most - least) / step <= 6)
    return [step * count for count in range(math.ceil(least / step), math.floor(most / step) + 1)]
