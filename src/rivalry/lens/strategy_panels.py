"""Beside the graph of a class: what each concept adds to the logit, and what sets each strategy apart."""

from __future__ import annotations

import math
from collections.abc import Mapping

from matplotlib.axes import Axes

from rivalry.lens.class_view import ClassView, Row
from rivalry.lens.page import FALSE, INK, QUIET
from rivalry.lens.strategy_graph import GREY
from rivalry.lens.strategy_layout import LETTERS

BAR, STRATEGY = 0.255, 0.47
"""Inches from bar to bar, and from strategy to strategy."""

MOST_BARS = 10
"""Concepts that have a bar of their own."""

_WORDS = 1.75  # inches that the name of a concept has
_VALUE = 0.5  # inches that its share has


def draw_importance(
    page: Axes, view: ClassView, colours: Mapping[int, str], left: float, right: float, top: float
) -> float:
    """Bars as long as the shares of the logit, with the share that no concept explains.

    Returns:
        The height at which the panel ends, in inches.
    """
    page.text(left, top, "What makes the logit", color=INK, fontsize=12, weight="bold", va="center")
    logit, bars = view.summary["logit"], _bars(view, colours)
    if bars and logit is not None:
        page.text(right, top, f"mean shares; 100% is {logit:.1f}", color=QUIET, fontsize=8.5, ha="right", va="center")
    if not bars:
        said = "shares are not known: the mean logit is not positive"
        page.text(left, top + 0.35, said, color=QUIET, fontsize=9, va="center")
        return top + 0.6
    start, end = left + _WORDS, right - _VALUE
    least, most = min(0.0, *(share for _, share, _ in bars)), max(0.0, *(share for _, share, _ in bars))
    inch = (end - start) / max(most - least, 1e-9)
    zero, height = start - least * inch, top + 0.34
    for words, share, colour in bars:
        plain = colour is None
        page.text(left, height, words, color=QUIET if plain else INK, fontsize=9, va="center")
        look = {"color": "none", "edgecolor": QUIET, "hatch": "////", "linewidth": 0.6} if plain else {"color": colour}
        page.barh(height, share * inch, 0.15, left=zero, **look)
        page.text(right, height, f"{share:z.0%}", color=QUIET if plain else INK, fontsize=9, ha="right", va="center")
        height += BAR
    page.plot([zero, zero], [top + 0.2, height - 0.12], color=QUIET, linewidth=0.8)
    return height


def _bars(view: ClassView, colours: Mapping[int, str]) -> list[tuple[str, float, str | None]]:
    """Words, share and colour of each bar; no colour for what is no single concept."""
    known = [concept for concept in view.concepts if concept["share"] is not None]
    bars: list[tuple[str, float, str | None]] = [
        (shorten(called(concept), 23), concept["share"], colours.get(concept["concept"], GREY))
        for concept in known[:MOST_BARS]
    ]
    others = known[MOST_BARS:]
    if others:
        bars.append((f"{len(others)} other concepts", math.fsum(concept["share"] for concept in others), None))
    unexplained = view.summary["unexplained"]
    if known and unexplained is not None:
        bars.append(("no concept (rest, bias)", unexplained, None))
    return bars


def draw_strategies(page: Axes, view: ClassView, colours: Mapping[int, str], left: float, top: float) -> None:
    """A strategy a pair of lines: its letter, how many pictures and how often right, and the concepts it is by."""
    page.text(left, top, "What sets the strategies apart", color=INK, fontsize=12, weight="bold", va="center")
    page.text(left, top + 0.25, _told(view), color=QUIET, fontsize=8.5, va="center")
    names = {concept["concept"]: called(concept) for concept in view.concepts}
    height = top + 0.6
    for row in view.strategies[: len(LETTERS)]:
        page.text(left, height + 0.06, LETTERS[row["strategy"]], color=INK, fontsize=15, weight="bold", va="center")
        colour = FALSE if row["accuracy"] is not None and row["accuracy"] < 0.5 else INK
        page.text(left + 0.3, height - 0.02, _strategy_line(row), color=colour, fontsize=9, va="center")
        _draw_apart(page, row, names, colours, left + 0.3, height + 0.17)
        height += STRATEGY


def _told(view: ClassView) -> str:
    """What the numbers are, and whether strategies tell marked pictures from others."""
    said = ["importance, in standard deviations"]
    if view.summary["marked_ami"] is not None:
        said.append(f"AMI with the mark {view.summary['marked_ami']:.2f}")
    return "   ·   ".join(said)


def _strategy_line(row: Row) -> str:
    said = [f"{row['images']} pictures"]
    if row["accuracy"] is not None:
        said.append(f"{row['accuracy']:.0%} of the class")
    if row["marked_share"] is not None:
        said.append(f"{row['marked_share']:.0%} bear the mark")
    return "   ·   ".join(said)


def _draw_apart(
    page: Axes, row: Row, names: Mapping[int, str], colours: Mapping[int, str], left: float, height: float
) -> None:
    """The concepts by which a strategy differs from the others, each with its colour and its difference."""
    pairs = list(zip(row["concepts"], row["differences"], strict=True))[:3]
    if not pairs:
        page.text(left, height, "the only one", color=QUIET, fontsize=8.5, va="center")
    for place, (concept, difference) in enumerate(pairs):
        across = left + 1.32 * place
        page.scatter([across + 0.04], [height], s=22, color=colours.get(concept, GREY), linewidths=0)
        words = shorten(names.get(concept, str(concept)), 11)
        page.text(across + 0.13, height, f"{words} {difference:+.1f}", color=QUIET, fontsize=8.5, va="center")


def called(concept: Row) -> str:
    """A concept's number and, where it has one, its name."""
    name = concept["name"]
    return f"concept {concept['concept']}" if name is None else f"{concept['concept']} {name}"


def shorten(words: str, longest: int) -> str:
    """The beginning of a long name."""
    return words if len(words) <= longest else f"{words[: longest - 1]}…"
