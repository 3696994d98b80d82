"""What sets two networks apart, on one page: labels that stayed, units active, concepts that came and went.

Drawn from plain data: whatever compares two networks says it by :class:`Compared`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from rivalry.lens.page import FALSE, HUE, INK, LINE, PAPER, QUIET, TRUE, blank_page, pixels
from rivalry.lens.words import printable
from rivalry.records import Picture

LAYERS = 30
"""Layers that are drawn: of more, those whose labels stayed least."""

CONCEPTS = 14
"""Concepts that are drawn."""

_ROW, _TOP = 0.36, 2.2
_KEPT, _ACTIVE, _WIDE = 3.5, 7.5, 3.1
_MIDDLE, _HALF = 3.7, 1.35
_NUMBERS, _VALUES = 6.3, (9.75, 10.6)


@dataclass(frozen=True)
class LayerLine:
    """A layer that both networks have.

    Attributes:
        layer: Dotted name.
        kept: Share of the units that live in both whose label stayed; None where no unit does.
        by_chance: The share to be expected of labels dealt out at random.
        active: Share of its units that are active, of both networks; None where that is not known.
    """

    layer: str
    kept: float | None
    by_chance: float
    active: tuple[float | None, float | None]


@dataclass(frozen=True)
class ConceptLine:
    """A concept, and how many units of either network are called by it."""

    concept: str
    first: int
    second: int


@dataclass(frozen=True)
class Compared:
    """What is drawn of a comparison.

    Attributes:
        names: Of both networks.
        said: The line below the title.
        layers: One at least.
        concepts: Those that matter most first.
        numbers: What a number is of, and how it reads for the first network and for the second.
    """

    names: tuple[str, str]
    said: str
    layers: Sequence[LayerLine]
    concepts: Sequence[ConceptLine]
    numbers: Sequence[tuple[str, str, str]]


def comparison_chart(compared: Compared) -> Picture:
    """Draw a comparison.

    Args:
        compared: Of two networks.

    Returns:
        uint8 (height, width, 3), 1100 pixels wide.

    Raises:
        ValueError: If there is no layer.
    """
    if not compared.layers:
        raise ValueError("wanted one layer at least that both networks have; given none")
    ranked = sorted(compared.layers, key=lambda line: -1.0 if line.kept is None else line.kept)[:LAYERS]
    layers = [line for line in compared.layers if line in ranked]
    concepts = compared.concepts[:CONCEPTS]
    middle = _TOP + len(layers) * _ROW + 0.75
    high = middle + 0.45 + max(len(concepts), len(compared.numbers), 1) * _ROW + 0.2
    figure, page = blank_page(11.0, high, "What sets two networks apart", compared.said)
    _draw_legend(page, compared.names)
    _draw_axes(page, len(layers), len(compared.layers))
    for place, line in enumerate(layers):
        _draw_layer(page, line, _TOP + 0.3 + (place + 0.5) * _ROW)
    _draw_concepts(page, concepts, middle)
    _draw_numbers(page, compared.numbers, middle)
    return pixels(figure, page)


def _draw_legend(page: Axes, names: tuple[str, str]) -> None:
    for left, name, letter, face in ((0.5, names[0], "A", PAPER), (5.5, names[1], "B", HUE)):
        page.scatter([left], [1.35], s=52, marker="o", facecolor=face, edgecolor=INK if letter == "A" else HUE)
        page.text(left + 0.16, 1.35, f"{letter}: {_last(name, 48)}", color=INK, fontsize=10.5, va="center")


def _draw_axes(page: Axes, drawn: int, known: int) -> None:
    """Titles and ticks of what stands along the rows of layers."""
    bottom = _TOP + 0.3 + drawn * _ROW
    said = "layers" if drawn == known else f"the {drawn} of {known} layers that kept least"
    page.text(0.4, _TOP - 0.25, said, color=INK, fontsize=11.5, weight="bold", va="center")
    for left, title in ((_KEPT, "units that kept their label (│ by chance)"), (_ACTIVE, "share of units active")):
        page.text(left, _TOP - 0.25, title, color=INK, fontsize=10.5, va="center")
        for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
            x = left + _WIDE * tick
            page.plot([x, x], [_TOP + 0.22, bottom], color=LINE, linewidth=0.9, zorder=0)
            page.text(x, _TOP + 0.08, f"{tick:.0%}", color=QUIET, fontsize=8.5, ha="center", va="center")


def _draw_layer(page: Axes, line: LayerLine, y: float) -> None:
    page.text(_KEPT - 0.2, y, _last(line.layer, 32), color=INK, fontsize=10, ha="right", va="center")
    if line.kept is not None:
        page.plot([_KEPT, _KEPT + _WIDE * line.kept], [y, y], color=TRUE, linewidth=7, solid_capstyle="butt")
        chance = _KEPT + _WIDE * line.by_chance
        page.plot([chance, chance], [y - 0.13, y + 0.13], color=INK, linewidth=1.4)
    places = [None if share is None else _ACTIVE + _WIDE * share for share in line.active]
    if places[0] is not None and places[1] is not None:
        page.plot([places[0], places[1]], [y, y], color=HUE, linewidth=1.8, alpha=0.45, zorder=1)
    for place, face, edge in zip(places, (PAPER, HUE), (INK, HUE), strict=True):
        if place is not None:
            page.scatter([place], [y], s=44, marker="o", facecolor=face, edgecolor=edge, zorder=2)


def _draw_concepts(page: Axes, concepts: Sequence[ConceptLine], top: float) -> None:
    """A row a concept: to the left the units of the first network, to the right those of the second."""
    page.text(0.4, top, "concepts, and how many units are called so", color=INK, fontsize=11.5, weight="bold")
    most = max((max(line.first, line.second) for line in concepts), default=1)
    for place, line in enumerate(concepts):
        y = top + 0.45 + place * _ROW
        colour = TRUE if not line.first else FALSE if not line.second else INK
        page.text(2.0, y, _first(line.concept, 22), color=colour, fontsize=10.5, ha="right", va="center")
        for count, side, shade in ((line.first, -1, QUIET), (line.second, 1, HUE)):
            end = _MIDDLE + side * _HALF * count / most
            page.plot([_MIDDLE, end], [y, y], color=shade, linewidth=9, solid_capstyle="butt")
            at = "left" if side > 0 else "right"
            page.text(end + side * 0.06, y, str(count), color=QUIET, fontsize=9, ha=at, va="center")
        word = "gained" if not line.first else "lost" if not line.second else ""
        page.text(_MIDDLE + _HALF + 0.35, y, word, color=colour, fontsize=9.5, va="center")
    page.plot([_MIDDLE, _MIDDLE], [top + 0.25, top + 0.2 + len(concepts) * _ROW], color=PAPER, linewidth=1.4)


def _draw_numbers(page: Axes, numbers: Sequence[tuple[str, str, str]], top: float) -> None:
    for place, title in zip(_VALUES, "AB", strict=True):
        page.text(place, top, title, color=INK, fontsize=11.5, weight="bold", ha="right")
    for row, (name, first, second) in enumerate(numbers):
        y = top + 0.45 + row * _ROW
        page.text(_NUMBERS, y, _first(name, 34), color=INK, fontsize=10, va="center")
        for place, value, colour in zip(_VALUES, (first, second), (QUIET, HUE), strict=True):
            page.text(place, y, value, color=colour, fontsize=10.5, ha="right", va="center")


def _first(word: str, length: int) -> str:
    shown = printable(word)
    return shown if len(shown) <= length else f"{shown[: length - 1]}…"


def _last(word: str, length: int) -> str:
    shown = printable(word)
    return shown if len(shown) <= length else f"…{shown[1 - length :]}"
