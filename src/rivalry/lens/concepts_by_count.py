"""How many of a network's own units are as good as how many extracted concepts? From records alone.

A panel a measure; along it the number of concepts. Colours tell kinds of network, a solid line its units, a dashed one
the extraction beside them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import mean

from matplotlib.axes import Axes

from rivalry.lens.concepts_by_network import Extracted, class_means
from rivalry.lens.page import HUE, INK, LINE, QUIET, TRUE, blank_page, pixels
from rivalry.records import Picture

MEASURES = {
    "relative_l2": "what is lost: relative ℓ2  ↓",
    "zeros": "share of zero codes  ↑",
    "stability": "stability over folds  ↑",
}
"""What is drawn, by the columns of the table ``extractions``; the arrow says which way is better."""

_COLOURS = (HUE, TRUE, INK)
_LEFT, _PANEL, _WIDE, _HIGH = 0.85, 3.45, 2.75, 2.2
_HEADER, _SECTION = 1.55, 3.3

Curves = dict[tuple[str, str], dict[str, dict[int, list[float]]]]
"""By kind of network and extraction: by measure and number of concepts, a mean over classes for every record."""


def concepts_by_count(runs: Sequence[Extracted]) -> Picture:
    """Draw how measures go with the number of concepts, by pictures and layer.

    Args:
        runs: Records of several numbers of concepts, of two extractions and of three kinds of network at most.

    Returns:
        uint8 (height, width, 3), 1100 pixels wide.

    Raises:
        ValueError: If there is no record, or there are more extractions or kinds of network than that.
    """
    kinds, extractions = list(dict.fromkeys(run.network for run in runs)), _extractions(runs)
    if not 1 <= len(kinds) <= len(_COLOURS) or not 1 <= len(extractions) <= 2:
        raise ValueError(
            f"wanted records of one to {len(_COLOURS)} kinds of network and one or two extractions; given "
            f"{len(kinds)} and {len(extractions)}"
        )
    sections = _sections(runs)
    said = "means over classes   ·   thin: a network, thick: the mean of its kind   ·   arrow: which is better"
    title = "How many units are as good as how many extracted concepts?"
    figure, page = blank_page(11.0, _HEADER + _SECTION * len(sections), title, said)
    _draw_legend(page, kinds, extractions)
    for place, (name, curves) in enumerate(sections.items()):
        top = _HEADER + place * _SECTION
        page.text(0.4, top + 0.08, name, color=INK, fontsize=11.5, weight="bold", va="center")
        for column, measure in enumerate(MEASURES):
            _draw_panel(page, curves, measure, (kinds, extractions), (_LEFT + column * _PANEL, top + 0.65))
    return pixels(figure, page)


def _extractions(runs: Sequence[Extracted]) -> list[str]:
    return list(
        dict.fromkeys(name for run in runs for name in run.record.tables["extractions"]["extraction"].to_pylist())
    )


def _sections(runs: Sequence[Extracted]) -> dict[str, Curves]:
    """Means over classes, by pictures and layer."""
    sections: dict[str, Curves] = {}
    for run in runs:
        means = class_means(run.record, MEASURES, ("layer", "extraction", "concepts"))
        for (layer, extraction, count, measure), value in means.items():
            curves = sections.setdefault(f"{run.pictures}, {layer}", {}).setdefault((run.network, extraction), {})
            curves.setdefault(measure, {}).setdefault(count, []).append(value)
    return sections


def _draw_legend(page: Axes, kinds: Sequence[str], extractions: Sequence[str]) -> None:
    """What colours and kinds of line mean."""
    lines = [(kind, colour, "-") for kind, colour in zip(kinds, _COLOURS, strict=False)]
    lines += [("units" if name == "natural" else name, QUIET, _style(name)) for name in extractions]
    left = 0.5
    for said, colour, style in lines:
        page.plot([left, left + 0.45], [1.2, 1.2], color=colour, linewidth=2.4, linestyle=style)
        page.text(left + 0.55, 1.2, said, color=INK, fontsize=10, va="center")
        left += 1.1 + 0.09 * len(said)


def _style(extraction: str) -> str:
    return "-" if extraction == "natural" else (0, (3, 1.6))  # type: ignore[return-value]


def _draw_panel(
    page: Axes, curves: Curves, measure: str, drawn: tuple[Sequence[str], Sequence[str]], corner: tuple[float, float]
) -> None:
    """One measure from 0 to 1 over the number of concepts, on a logarithmic axis."""
    left, top = corner
    counts = sorted({count for one in curves.values() for count in one.get(measure, {})})
    page.text(left, top - 0.24, MEASURES[measure], color=QUIET, fontsize=9.5, va="center")
    for level in (0.0, 0.5, 1.0):
        y = top + _HIGH * (1 - level)
        page.plot([left, left + _WIDE], [y, y], color=QUIET if not level else LINE, linewidth=0.9, zorder=0)
        page.text(left - 0.08, y, f"{level:g}", color=QUIET, fontsize=8.5, ha="right", va="center")
    places = _places(counts, left)
    for count, x in places.items():
        page.text(x, top + _HIGH + 0.15, str(count), color=QUIET, fontsize=8.5, ha="center", va="center")
    kinds, extractions = drawn
    for kind, colour in zip(kinds, _COLOURS, strict=False):
        for extraction in extractions:
            _draw_curve(page, curves.get((kind, extraction), {}).get(measure, {}), places, top, colour, extraction)


def _places(counts: Sequence[int], left: float) -> dict[int, float]:
    first, last = (math.log(counts[place]) for place in (0, -1))
    return {count: left + 0.15 + (_WIDE - 0.3) * (math.log(count) - first) / ((last - first) or 1) for count in counts}


def _draw_curve(
    page: Axes, found: Mapping[int, Sequence[float]], places: Mapping[int, float], top: float, colour: str, name: str
) -> None:
    counts = sorted(found)
    networks = max((len(values) for values in found.values()), default=0)
    for network in range(networks if networks > 1 else 0):
        own = [count for count in counts if network < len(found[count])]
        ys = [top + _HIGH * (1 - found[count][network]) for count in own]
        page.plot([places[count] for count in own], ys, color=colour, linewidth=0.7, alpha=0.45, linestyle=_style(name))
    ys = [top + _HIGH * (1 - mean(found[count])) for count in counts]
    page.plot([places[count] for count in counts], ys, color=colour, linewidth=2.4, linestyle=_style(name))
