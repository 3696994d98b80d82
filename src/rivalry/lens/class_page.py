"""The page of a class: the strategies by which pictures are taken for it, and its concepts.

Drawn from the record alone; its parts are :mod:`rivalry.lens.strategy_graph`, :mod:`rivalry.lens.strategy_panels` and
:mod:`rivalry.lens.concept_rows`.
"""

from __future__ import annotations

from rivalry.lens.class_view import COLOURED, ClassView, shows_concepts, view_class
from rivalry.lens.concept_rows import MOST_ROWS, STEP, draw_concepts
from rivalry.lens.page import blank_page, pixels
from rivalry.lens.strategy_graph import Box, draw_graph
from rivalry.lens.strategy_layout import LETTERS
from rivalry.lens.strategy_panels import BAR, MOST_BARS, STRATEGY, draw_importance, draw_strategies, shorten
from rivalry.lens.streams import COLOURS
from rivalry.records import Picture, Record

__all__ = ["class_page", "shows_concepts"]

_TOP, _GRAPH = 1.3, Box(0.4, 1.3, 5.6)
_LEFT, _RIGHT = 6.35, 10.6
_LONGEST = 32  # characters of the class' name that the title has room for


def class_page(record: Record, layer: str | None = None, class_: str | None = None) -> Picture:
    """Draw the page of a class.

    Args:
        record: Of :class:`rivalry.concepts.ConceptExtraction`.
        layer: One of its layers; by default that of the class.
        class_: One of its classes; by default where a strategy of ten pictures or more is least reliable, and the
            first where there is none such.

    Returns:
        uint8 (height, 1100, 3); the more concepts, the higher.

    Raises:
        ValueError: If the record holds no concepts, or none of such a class and layer.
    """
    view = view_class(record, layer, class_)
    colours = _colours(view)
    rows = min(len(view.concepts), MOST_ROWS)
    foot = _TOP + max(_GRAPH.side + 0.45, _beside(view))
    title = f"By which concepts is it “{shorten(view.name, _LONGEST)}”?"
    figure, page = blank_page(11.0, foot + 0.55 + STEP * rows, title, _line(record, view))
    draw_graph(page, view, colours, _GRAPH)
    ended = draw_importance(page, view, colours, _LEFT, _RIGHT, _TOP + 0.12)
    draw_strategies(page, view, colours, _LEFT, ended + 0.25)
    draw_concepts(page, view, colours, foot + 0.15)
    return pixels(figure, page)


def _beside(view: ClassView) -> float:
    """Inches that the panels beside the graph take."""
    return 1.6 + BAR * (min(len(view.concepts), MOST_BARS) + 2) + STRATEGY * min(len(view.strategies), len(LETTERS))


def _colours(view: ClassView) -> dict[int, str]:
    """Of the concepts that decide many pictures, the most frequent first."""
    images = view.summary["images"] or len(view.pictures)
    frequent = [concept for concept in view.concepts if round(concept["prevalence"] * images) >= COLOURED]
    frequent.sort(key=lambda concept: -float(concept["prevalence"]))
    return {concept["concept"]: colour for concept, colour in zip(frequent, COLOURS, strict=False)}


def _line(record: Record, view: ClassView) -> str:
    numbers = view.summary
    said = [f"epoch {record.epoch}", view.layer, f"{numbers['images']} pictures that were taken for it"]
    if numbers["accuracy"] is not None:
        said.append(f"{numbers['accuracy']:.0%} rightly")
    if numbers["marked_share"] is not None:
        said.append(f"{numbers['marked_share']:.0%} bear the mark")
    return "   ·   ".join(said)
