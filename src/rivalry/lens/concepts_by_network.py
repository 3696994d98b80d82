"""Do a network's own units hold their own against extracted concepts? From records alone.

A row an extraction, a column a measure of it; in it a mark a kind of network, with the range over its networks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from matplotlib.axes import Axes

from rivalry.lens.page import HUE, INK, LINE, PAPER, QUIET, TRUE, blank_page, pixels
from rivalry.records import Picture, Record

MEASURES = {
    "relative_l2": "relative ℓ2 error  ↓",
    "zeros": "share of zero codes  ↑",
    "stability": "stability over folds  ↑",
    "wasserstein": "1-D Wasserstein  ↓",
    "frechet": "Fréchet  ↓",
    "out_of_distribution": "out of distribution  ↓",
}
"""What is drawn, by the columns of the table ``extractions``; the arrow says which way is better."""

_COLOURS = (HUE, TRUE, INK)
_LEFT, _PANEL, _WIDE, _ROW = 1.75, 1.55, 1.2, 0.3
_HEADER = 1.5

Scores = dict[str, dict[str, dict[str, list[float]]]]
"""By extraction, measure and kind of network: a number a network."""


@dataclass(frozen=True)
class Extracted:
    """A record of concepts of one network.

    Attributes:
        record: Of :class:`rivalry.concepts.ConceptExtraction`, with extractions compared.
        network: Which kind it is of; records of one kind and pictures are repetitions with other seeds.
        pictures: What the network was shown.
    """

    record: Record
    network: str
    pictures: str


def concepts_by_network(runs: Sequence[Extracted]) -> Picture:
    """Draw every measure of every extraction, by pictures and layer.

    Args:
        runs: One at least, of three kinds of network at most.

    Returns:
        uint8 (height, width, 3), 1100 pixels wide.

    Raises:
        ValueError: If there is no run, more than three kinds of network, or a record compares no extractions.
    """
    kinds = list(dict.fromkeys(run.network for run in runs))
    if not kinds or len(kinds) > len(_COLOURS):
        raise ValueError(f"wanted records of one to {len(_COLOURS)} kinds of network; given {len(kinds)}")
    sections = compared_scores(runs)
    rows = sum(len(section) for section in sections.values())
    high = _HEADER + rows * _ROW + len(sections) * 1.0
    said = (
        "means over classes   ·   mark: mean of the networks of a kind, line: their range   ·   arrow: which is better"
    )
    figure, page = blank_page(11.0, high, "Do units hold their own against extracted concepts?", said)
    colours = dict(zip(kinds, _COLOURS, strict=False))
    _draw_legend(page, colours)
    top = _HEADER + 0.1
    for title, scores in sections.items():
        _draw_section(page, title, scores, colours, top)
        top += len(scores) * _ROW + 1.0
    return pixels(figure, page)


def compared_scores(runs: Sequence[Extracted]) -> dict[str, Scores]:
    """Means over classes of every measure of every extraction, by pictures and layer.

    Raises:
        ValueError: If a record compares no extractions.
    """
    sections: dict[str, Scores] = {}
    for run in runs:
        table = run.record.tables.get("extractions")
        if table is None or not len(table):
            raise ValueError(f"record {run.record.name!r} compares no extractions; wanted one with `compared`")
        for (layer, extraction, measure), value in class_means(run.record, MEASURES, ("layer", "extraction")).items():
            scores = sections.setdefault(f"{run.pictures}, {layer}", {}).setdefault(extraction, {})
            scores.setdefault(measure, {}).setdefault(run.network, []).append(value)
    return sections


def class_means(record: Record, measures: Iterable[str], by: Sequence[str]) -> dict[tuple[Any, ...], float]:
    """Means of measures of extractions over the classes of which they are known.

    Args:
        record: With a table ``extractions``.
        measures: Columns of it.
        by: Columns that tell apart what is averaged; their values and then the measure are the key.
    """
    found: dict[tuple[Any, ...], list[float]] = {}
    measures = tuple(measures)
    for row in record.tables["extractions"].to_pylist():
        for measure in measures:
            if row[measure] is not None and not math.isnan(row[measure]):
                found.setdefault((*(row[column] for column in by), measure), []).append(row[measure])
    return {place: mean(values) for place, values in found.items()}


def _draw_legend(page: Axes, colours: Mapping[str, str]) -> None:
    left = 0.5
    for kind, colour in colours.items():
        page.scatter([left], [1.2], s=46, color=colour)
        page.text(left + 0.15, 1.2, kind, color=INK, fontsize=10, va="center")
        left += 0.6 + 0.1 * len(kind)


def _draw_section(page: Axes, title: str, scores: Scores, colours: Mapping[str, str], top: float) -> None:
    there = {kind for measures in scores.values() for values in measures.values() for kind in values}
    own = {kind: colour for kind, colour in colours.items() if kind in there}
    page.text(0.4, top + 0.08, title, color=INK, fontsize=11.5, weight="bold", va="center")
    first = top + 0.62
    for place, extraction in enumerate(scores):
        page.text(0.4, first + place * _ROW, extraction, color=INK, fontsize=10, va="center")
    for column, (measure, said) in enumerate(MEASURES.items()):
        left = _LEFT + column * _PANEL
        page.text(left, top + 0.36, said, color=QUIET, fontsize=8.2, va="center")
        rows = [scores[extraction].get(measure, {}) for extraction in scores]
        _draw_panel(page, rows, own, left, first)


def _draw_panel(
    page: Axes, rows: Sequence[Mapping[str, Sequence[float]]], colours: Mapping[str, str], left: float, first: float
) -> None:
    """One measure of all extractions, on its own scale that holds 0, which is the darkest line."""
    known = [value for row in rows for values in row.values() for value in values]
    least, most = min([*known, 0.0]), max([*known, 0.0])
    scale = _WIDE / (most - least or 1.0)
    bottom = first + (len(rows) - 0.5) * _ROW
    for end in {least, 0.0, most}:
        x = left + scale * (end - least)
        page.plot([x, x], [first - _ROW / 2, bottom], color=LINE if end else QUIET, linewidth=0.9, zorder=0)
        if end or _clear(least, most):
            page.text(x, bottom + 0.1, f"{end:.2g}", color=QUIET, fontsize=7.5, ha="center", va="center")
    for place, row in enumerate(rows):
        for number, (kind, colour) in enumerate(colours.items()):
            if row.get(kind):
                y = first + place * _ROW + 0.12 * (number - (len(colours) - 1) / 2)
                xs = [left + scale * (value - least) for value in row[kind]]
                page.plot([min(xs), max(xs)], [y, y], color=colour, linewidth=1.6, alpha=0.6, solid_capstyle="butt")
                page.scatter([mean(xs)], [y], s=30, color=colour, edgecolor=PAPER, linewidth=0.6, zorder=3)


def _clear(least: float, most: float) -> bool:
    """Whether the label of 0 stands apart from those of the ends, or is one of them."""
    return not least or not most or 0.2 < -least / (most - least) < 0.8
