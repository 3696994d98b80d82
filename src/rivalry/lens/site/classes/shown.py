"""One class in one layer as it is shown: the graph, what makes the logit, the strategies, and the concepts.

Used by the site and by the figure that a record carries to Weights & Biases; both say where pictures and links lead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rivalry.lens.class_view import ClassView, Row
from rivalry.lens.site.charts import Bar, bars, counted, said_percent, swatch
from rivalry.lens.site.strategy_plot import called, coloured, lettered, strategy_key, strategy_plot, told

MOST_BARS = 10
"""Concepts that have a bar of their own."""


@dataclass(frozen=True)
class Near:
    """Another class or concept, and how near it is.

    Attributes:
        words: What it is called.
        address: Of its page, if there is one.
        cosine: Of the two.
    """

    words: str
    address: str | None
    cosine: float | None


@dataclass(frozen=True)
class Crop:
    """A part of a picture that shows a concept: where it lies, and what it is in words."""

    source: str
    words: str


@dataclass(frozen=True)
class Concept:
    """A concept of the class.

    Attributes:
        number: Within the class.
        name: What CLIP calls it; empty where nothing names it.
        address: Of the page of that name, if there is one.
        hue: CSS class of its colour, empty where it has none.
        row: Its other numbers.
        crops: Where it shows most.
        aligned: Classes that it speaks for.
        similar: Concepts of other classes that are like it.
    """

    number: int
    name: str
    address: str | None
    hue: str
    row: Row
    crops: Sequence[Crop]
    aligned: Sequence[Near]
    similar: Sequence[Near]


@dataclass(frozen=True)
class Strategy:
    """A way in which pictures are taken for the class.

    Attributes:
        letter: Its name.
        row: Its numbers.
        apart: The concepts that set it apart: called, CSS class of the colour, difference in standard deviations.
    """

    letter: str
    row: Row
    apart: Sequence[tuple[str, str, float]]


@dataclass(frozen=True)
class ShownPicture:
    """A picture of the graph, as a row of a table."""

    source: str | None
    words: str
    row: Row
    strategy: str
    decided: str


@dataclass(frozen=True)
class ShownClass:
    """A class in a layer; the numbers of ``summary`` may be None."""

    layer: str
    name: str
    summary: Row
    plot: Markup
    key: Markup
    logit: Markup
    strategies: Sequence[Strategy]
    concepts: Sequence[Concept]
    pictures: Sequence[ShownPicture]


@dataclass(frozen=True)
class Places:
    """Where what is shown is to be found.

    Attributes:
        picture: Address or data URI of the picture of an index, None where there is none.
        crop: Of a crop of a class in a layer.
        class_page: Of the page of a class.
        concept_page: Of the page of a concept's name.
    """

    picture: Callable[[int], str | None]
    crop: Callable[[ClassView, Row], str | None]
    class_page: Callable[[str], str | None] = lambda name: None
    concept_page: Callable[[str], str | None] = lambda name: None


def shown_class(view: ClassView, places: Places, most_crops: int = 10) -> ShownClass:
    """What is shown of a class.

    Args:
        view: The class.
        places: Where pictures and pages are.
        most_crops: Of a concept.
    """
    colours = coloured(view)
    sources = {row["index"]: found for row in view.pictures if (found := places.picture(row["index"])) is not None}
    names = {row["concept"]: called(row) for row in view.concepts}
    return ShownClass(
        view.layer,
        view.name,
        view.summary,
        strategy_plot(view, colours, sources),
        strategy_key(view, colours),
        _logit(view, colours, places),
        [_strategy(row, names, colours) for row in view.strategies],
        [_concept(view, row, colours, places, most_crops) for row in view.concepts],
        [_picture(row, sources, names) for row in _by_strategy(view.pictures)],
    )


def _logit(view: ClassView, colours: Mapping[int, int], places: Places) -> Markup:
    """Bars of the shares of the mean logit, with the share that no concept explains."""
    known = [row for row in view.concepts if row["share"] is not None]
    unexplained = view.summary.get("unexplained")
    if not known:
        return Markup('<p class="missing">Shares are not known: the mean logit is not positive.</p>')
    rows = [
        Bar(called(row), row["share"], _page(row["name"], places.concept_page), colours.get(row["concept"]))
        for row in known[:MOST_BARS]
    ]
    if others := known[MOST_BARS:]:
        rows.append(Bar(f"{len(others)} other concepts", math.fsum(row["share"] for row in others)))
    if unexplained is not None:
        rows.append(Bar("no concept", unexplained, note="unexplained: the rest, and the bias"))
    logit = view.summary.get("logit")
    whole = "" if logit is None else f"; 100 % is a logit of {logit:.1f}"
    return bars(rows, title=f"Mean shares of the logit{whole}", percent=True)


def _strategy(row: Row, names: Mapping[int, str], colours: Mapping[int, int]) -> Strategy:
    pairs = zip(row["concepts"] or (), row["differences"] or (), strict=False)
    apart = [
        (names.get(concept, f"concept {concept}"), _hue(concept, colours), difference)
        for concept, difference in pairs
        if concept is not None and difference is not None
    ]
    return Strategy(lettered(row["strategy"]), row, apart[:3])


def _concept(view: ClassView, row: Row, colours: Mapping[int, int], places: Places, most_crops: int) -> Concept:
    name = (row["name"] or "").strip()
    crops = [
        Crop(source, f"picture {crop['index']}" if crop["index"] is not None else "a picture")
        for crop in list(view.crops.get(row["concept"], ()))[:most_crops]
        if (source := places.crop(view, crop)) is not None
    ]
    aligned = [
        Near(other.strip() or "(no name)", places.class_page(other), cosine)
        for other, cosine in zip(row["aligned_classes"] or (), row["alignments"] or (), strict=False)
        if other is not None
    ]
    similar = [
        Near(other.strip() or "(no name)", places.class_page(other.rpartition(":")[0]), cosine)
        for other, cosine in zip(row["similar"] or (), row["similarities"] or (), strict=False)
        if other is not None
    ]
    hue = _hue(row["concept"], colours)
    return Concept(row["concept"], name, _page(row["name"], places.concept_page), hue, row, crops, aligned, similar)


def _picture(row: Row, sources: Mapping[int, str], names: Mapping[int, str]) -> ShownPicture:
    decided = names.get(row["dominant"], "–")
    return ShownPicture(sources.get(row["index"]), told(row, names), row, lettered(row["strategy"]), decided)


def _by_strategy(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["strategy"] is None, row["strategy"] or 0, row["correct"] is True))


def _page(name: str | None, page: Callable[[str], str | None]) -> str | None:
    return page(name) if name else None


def _hue(concept: int, colours: Mapping[int, int]) -> str:
    return swatch(colours[concept]) if concept in colours else ""


def answer(one: ShownClass) -> str:
    """A class in a sentence.

    >>> empty = Markup("")
    >>> numbers = {"images": 20, "accuracy": 0.5, "strategies": 2, "reason": None}
    >>> answer(ShownClass("layer4", "car", numbers, empty, empty, empty, [], [], []))
    '20 pictures were taken for it, by 2 strategies; 50 % of them are of the class.'
    """
    numbers, parts = one.summary, []
    if numbers.get("images"):
        taken = counted(numbers["images"], "picture was", "pictures were")
        ways = numbers.get("strategies")
        by = f", by {counted(ways, 'strategy', 'strategies')}" if ways else ""
        accuracy = numbers.get("accuracy")
        rightly = "" if accuracy is None else f"; {said_percent(accuracy, 0)} of them are of the class"
        parts.append(f"{taken} taken for it{by}{rightly}.")
    largest = next((concept for concept in one.concepts if concept.row["share"] is not None), None)
    if largest is not None:
        parts.append(f"{said_percent(largest.row['share'], 0)} of the logit is concept {called(largest.row)}.")
    if numbers.get("unexplained") is not None:
        parts.append(f"All concepts together are {said_percent(1 - numbers['unexplained'], 0)} of it.")
    return " ".join(parts)
