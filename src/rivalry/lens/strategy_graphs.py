"""Graphs of one class in many networks, side by side: do pictures with a watermark lie apart? From records alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from rivalry.lens.class_view import ClassView, view_class
from rivalry.lens.page import FALSE, HUE, INK, LINE, QUIET, blank_page, pixels
from rivalry.lens.strategy_graph import Box, places_on_page
from rivalry.records import Picture, Record

_LEFT, _TOP, _RIGHT, _GAP = 1.55, 1.75, 10.6, 0.22


@dataclass(frozen=True)
class Drawn:
    """A record of concepts of one network.

    Attributes:
        record: Of :class:`rivalry.concepts.ConceptExtraction`, of a class some of whose pictures bear a watermark.
        row: What networks of one row have in common.
        column: What networks of one column have in common.
    """

    record: Record
    row: str
    column: str


def strategy_graphs(drawn: Sequence[Drawn]) -> Picture:
    """Draw the graph of every network's default class, a dot a picture, in one colour where it bears the mark.

    Args:
        drawn: One at least; the order decides that of rows and columns. Of two of one row and column the first counts.

    Returns:
        uint8 (height, 1100, 3); the more rows, the higher.

    Raises:
        ValueError: If there is none, or a record holds no concepts.
    """
    if not drawn:
        raise ValueError("wanted a record of concepts at least to draw graphs of; given none")
    rows, columns = (
        list(dict.fromkeys(names)) for names in zip(*((one.row, one.column) for one in drawn), strict=True)
    )
    side = min(2.6, (_RIGHT - _LEFT + _GAP) / len(columns) - _GAP)
    high = _TOP + len(rows) * (side + 0.42)
    said = "pictures that were taken for the class, neighbours by what counted in them   ·   AMI of strategies and mark"
    figure, page = blank_page(11.0, high, "Do pictures with the mark have a strategy of their own?", said)
    _draw_signs(page)
    for number, column in enumerate(columns):
        middle = _LEFT + number * (side + _GAP) + side / 2
        page.text(middle, _TOP - 0.2, column, color=INK, fontsize=10.5, weight="bold", ha="center", va="center")
    for number, row in enumerate(rows):
        middle = _TOP + number * (side + 0.42) + side / 2
        page.text(0.4, middle, row, color=INK, fontsize=10.5, weight="bold", va="center")
    for (row, column), one in {(one.row, one.column): one for one in reversed(drawn)}.items():
        left, top = _LEFT + columns.index(column) * (side + _GAP), _TOP + rows.index(row) * (side + 0.42)
        _draw_one(page, view_class(one.record), Box(left, top, side))
    return pixels(figure, page)


def _draw_one(page: Axes, view: ClassView, box: Box) -> None:
    """One graph, and beneath it by how much its strategies tell of the mark."""
    page.add_patch(Rectangle((box.left, box.top), box.side, box.side, facecolor="#ffffff", edgecolor=LINE, lw=0.8))
    rows = [row for row in view.pictures if row["x"] is not None and row["y"] is not None]
    if rows:
        places = places_on_page(rows, box, margin=0.14)
        colours = np.array([FALSE if row["marked"] else HUE for row in rows])
        page.scatter(places[:, 0], places[:, 1], s=13, c=colours, linewidths=0)
    told = view.summary["marked_ami"]
    said = f"{view.summary['images']} pictures" + ("" if told is None else f"   ·   AMI {told:.2f}")
    page.text(
        box.left + box.side / 2, box.top + box.side + 0.16, said, color=QUIET, fontsize=9, ha="center", va="center"
    )


def _draw_signs(page: Axes) -> None:
    for across, colour, words in ((0.5, FALSE, "bears the mark"), (1.95, HUE, "does not")):
        page.scatter([across], [1.2], s=26, color=colour, linewidths=0)
        page.text(across + 0.13, 1.2, words, color=QUIET, fontsize=9, va="center")
