"""The graph of a class' strategies: a dot a picture, pictures of like importance vectors side by side.

A dot has the colour of the concept that decides its picture, where that decides many; a cross is a picture of another
class, a ring a watermark. Some pictures are shown where they lie. There are no edges: the graph is of neighbourhood
alone. After the pages of Lens (Fel et al. 2023).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from PIL import Image

from rivalry.lens.class_view import ClassView, Row
from rivalry.lens.page import INK, LINE, PAPER, QUIET
from rivalry.lens.strategy_layout import LETTERS, Places, laid_out, middles, spread
from rivalry.records import Picture

GREY = "#b9b6ae"
"""Of concepts that decide few pictures."""

_THUMBNAIL = 0.44
_MARGIN = 0.3


class Box(NamedTuple):
    """A square on the page, in inches."""

    left: float
    top: float
    side: float


def draw_graph(page: Axes, view: ClassView, colours: Mapping[int, str], box: Box) -> None:
    """Draw the graph, its strategies' letters, and what its signs mean.

    Args:
        page: In inches.
        view: The class.
        colours: Of the concepts that have one.
        box: Where to.
    """
    frame = Rectangle((box.left, box.top), box.side, box.side, facecolor="#ffffff", edgecolor=LINE, linewidth=0.8)
    page.add_patch(frame)
    rows = [row for row in view.pictures if row["x"] is not None and row["y"] is not None]
    if not rows:
        middle = (box.left + box.side / 2, box.top + box.side / 2)
        page.text(*middle, "too few pictures, or all alike:\nnothing to lay out", color=QUIET, ha="center", va="center")
        return
    places = places_on_page(rows, box)
    _draw_dots(page, rows, places, colours)
    letters = middles(rows, places)
    for number in spread(places, list(letters.values()), _THUMBNAIL):
        _draw_thumbnail(page, rows[number], places[number], colours)
    for number, (across, down) in letters.items():
        page.text(
            across, down, LETTERS[number], color=INK, fontsize=21, weight="bold", ha="center", va="center", zorder=8,
            path_effects=[patheffects.withStroke(linewidth=4, foreground=PAPER)],
        )  # fmt: skip
    _draw_signs(page, view, rows, box)


def places_on_page(rows: Sequence[Row], box: Box, margin: float = _MARGIN) -> Places:
    """Where pictures lie on the page, in inches."""
    return np.asarray(laid_out(rows, box.side, margin) + np.array([box.left, box.top]))


def decode(picture: bytes) -> Picture:
    """The pixels of an encoded picture, uint8 (height, width, 3)."""
    with Image.open(io.BytesIO(picture)) as opened:
        return np.asarray(opened.convert("RGB"))


def _draw_dots(page: Axes, rows: Sequence[Row], places: Places, colours: Mapping[int, str]) -> None:
    hues = np.array([colours.get(row["dominant"], GREY) for row in rows])
    right = np.array([row["correct"] is not False for row in rows])
    marked = np.array([row["marked"] is True for row in rows])
    across, down = places[:, 0], places[:, 1]
    page.scatter(across[marked], down[marked], s=62, facecolors="none", edgecolors=INK, linewidths=0.9, zorder=2)
    page.scatter(across[right], down[right], s=24, c=hues[right], linewidths=0, zorder=3)
    page.scatter(across[~right], down[~right], s=24, c=hues[~right], marker="x", linewidths=1.6, zorder=3)


def _draw_thumbnail(page: Axes, row: Row, place: npt.NDArray[np.float64], colours: Mapping[int, str]) -> None:
    picture = decode(row["thumbnail"])
    half = _THUMBNAIL / 2 * np.array([picture.shape[1], picture.shape[0]]) / max(picture.shape[:2])
    (left, top), (right, bottom) = place - half, place + half
    page.imshow(picture, extent=(left, right, bottom, top), interpolation="antialiased", zorder=4)
    colour = colours.get(row["dominant"], GREY)
    page.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=colour, lw=2.2, zorder=5))
    if row["marked"]:
        left, top, wide, high = left - 0.035, top - 0.035, right - left + 0.07, bottom - top + 0.07
        page.add_patch(Rectangle((left, top), wide, high, fill=False, edgecolor=INK, lw=0.9, zorder=5))
    if row["correct"] is False:
        page.scatter([right], [top], s=58, color=PAPER, marker="o", linewidths=0, zorder=6)
        page.scatter([right], [top], s=26, color=colour, marker="x", linewidths=1.8, zorder=6)


def _draw_signs(page: Axes, view: ClassView, rows: Sequence[Row], box: Box) -> None:
    """What dot, cross and ring mean, and how many pictures there are."""
    height, across = box.top + box.side + 0.2, box.left + 0.1
    ring: dict[str, Any] = {"facecolors": "none", "edgecolors": INK, "s": 62, "linewidths": 0.9}
    known = any(row["correct"] is not None for row in rows)
    plain = "of the class" if known else "a picture"
    signs: list[tuple[str, str, dict[str, Any]]] = [("o", plain, {"color": QUIET, "s": 24, "linewidths": 0})]
    if any(row["correct"] is False for row in rows):
        signs.append(("x", "of another class", {"color": QUIET, "s": 24, "linewidths": 1.6}))
    if any(row["marked"] for row in rows):
        signs.append(("o", "bears the mark", ring))
    for marker, words, look in signs:
        page.scatter([across], [height], marker=marker, **look)
        page.text(across + 0.13, height, words, color=QUIET, fontsize=8.5, va="center")
        across += 0.42 + 0.072 * len(words)
    images = view.summary["images"]
    said = f"{len(rows)} of {images} pictures" if images is not None and images > len(rows) else f"{len(rows)} pictures"
    page.text(box.left + box.side, height, said, color=QUIET, fontsize=8.5, ha="right", va="center")
