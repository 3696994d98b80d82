"""Beneath the graph of a class: a row a concept, with ten crops that show it most, and what it is like elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from rivalry.lens.class_view import ClassView, Row
from rivalry.lens.page import INK, LINE, QUIET
from rivalry.lens.strategy_graph import GREY, decode
from rivalry.lens.strategy_panels import called, shorten

STEP = 0.92
"""Inches from row to row."""

MOST_ROWS = 10
"""Concepts that have a row."""

_CROPS, _CROP, _GAP = 10, 0.68, 0.045
_LEFT, _RIGHT = 0.4, 10.6
_LONGEST = 36  # characters of a list beside the crops


def draw_concepts(page: Axes, view: ClassView, colours: Mapping[int, str], top: float) -> None:
    """Draw a row a concept, the largest share first, from a height in inches on."""
    page.text(_LEFT, top, "The concepts", color=INK, fontsize=12, weight="bold", va="center")
    shown = f"{min(len(view.concepts), MOST_ROWS)} of {len(view.concepts)}" if len(view.concepts) > MOST_ROWS else "all"
    weight = "share of the logit" if any(one["share"] is not None for one in view.concepts) else "importance"
    said = f"{shown}, by their {weight}; where each shows most, the clearest first"
    page.text(_RIGHT, top, said, color=QUIET, fontsize=8.5, ha="right", va="center")
    for place, concept in enumerate(view.concepts[:MOST_ROWS]):
        upper = top + 0.25 + STEP * place
        page.plot([_LEFT, _RIGHT], [upper, upper], color=LINE, linewidth=0.8)
        _describe(page, concept, colours.get(concept["concept"], GREY), upper)
        _draw_crops(page, view.crops.get(concept["concept"], ()), upper + (STEP - _CROP) / 2)


def _describe(page: Axes, concept: Row, colour: str, upper: float) -> None:
    page.scatter([_LEFT + 0.07], [upper + 0.19], s=70, color=colour, linewidths=0)
    name = shorten(called(concept), 24)
    page.text(_LEFT + 0.23, upper + 0.19, name, color=INK, fontsize=12, weight="bold", va="center")
    lines = (_weight_line(concept), *_like_lines(concept))
    for number, line in enumerate(lines):
        page.text(_LEFT, upper + 0.405 + 0.175 * number, line, color=QUIET, fontsize=8.2, va="center")


def _weight_line(concept: Row) -> str:
    said = [] if concept["share"] is None else [f"{concept['share']:z.0%} of the logit"]
    decided = f"decides {concept['prevalence']:.0%}"
    if concept["reliability"] is not None and concept["prevalence"] > 0:
        decided += f", {concept['reliability']:.0%} rightly"
    return " · ".join([*said, decided])


def _like_lines(concept: Row) -> list[str]:
    """To which classes' logits it adds, and which concepts of other classes are like it; not what it is opposed to."""
    said = {
        "speaks for": zip(concept["aligned_classes"] or (), concept["alignments"] or (), strict=True),
        "is like": zip(concept["similar"] or (), concept["similarities"] or (), strict=True),
    }
    lists = {words: [(name, cosine) for name, cosine in pairs if cosine > 0] for words, pairs in said.items()}
    return [f"{words} {_listed(pairs)}" for words, pairs in lists.items() if pairs]


def _listed(pairs: Sequence[tuple[str, float]]) -> str:
    """As many names with their cosines as there is room for, one at least."""
    said = ""
    for name, cosine in pairs:
        longer = f"{said}, {name} ({cosine:.2f})" if said else f"{name} ({cosine:.2f})"
        if said and len(longer) > _LONGEST:
            break
        said = longer
    return shorten(said, _LONGEST)


def _draw_crops(page: Axes, crops: Sequence[Row], top: float) -> None:
    for place, crop in enumerate(crops[:_CROPS]):
        picture = decode(crop["picture"])
        high, wide = (_CROP * side / max(picture.shape[:2]) for side in picture.shape[:2])
        left = _RIGHT - (_CROPS - place) * (_CROP + _GAP) + _GAP + (_CROP - wide) / 2
        upper = top + (_CROP - high) / 2
        page.imshow(picture, extent=(left, left + wide, upper + high, upper), interpolation="antialiased")
