"""Is the basis of units that compete closer to its fitted rotation than that of ReLUs? From records alone.

A row a kind of network in every layer; along it what the directions of each basis score on average, so that a reader
sees how far the units stand from the rotation that was found without labels, and from chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from matplotlib.axes import Axes

from rivalry.lens.page import HUE, INK, LINE, PAPER, QUIET, TRUE, blank_page, pixels, round_ticks
from rivalry.records import Picture, Record

MARKS: dict[str, tuple[str, str, str, bool]] = {
    "random": ("chance: a random rotation", "o", QUIET, False),
    "pca": ("principal components", "s", QUIET, False),
    "natural": ("the units", "D", INK, True),
    "unsupervised": ("rotation without labels", "o", TRUE, True),
    "supervised": ("directions from labels", "^", HUE, False),
}
"""Bases that are drawn: what they are, their marker, their colour, and whether it is filled."""

_LEFT, _WIDE, _ROW = 3.3, 5.6, 0.46
_HEADER = 1.75


@dataclass(frozen=True)
class Compared:
    """A record of bases of one network.

    Attributes:
        record: Of :class:`rivalry.basis.InterpretableBasis`.
        network: Which kind it is of; records of one kind and pictures are repetitions with other seeds.
        pictures: What the network was shown.
    """

    record: Record
    network: str
    pictures: str


@dataclass(frozen=True)
class _Row:
    """What is drawn along one line: scores of each basis, a number a record."""

    network: str
    scores: dict[str, list[float]]


def bases_by_network(runs: Sequence[Compared], policy: str = "beyond") -> Picture:
    """Draw S¹ a direction of every basis, by pictures and layer, a row a kind of network.

    A small mark is a network, the large one the mean of a kind.

    Args:
        runs: One at least.
        policy: How the thresholds were found, as the table ``bases`` names it.

    Returns:
        uint8 (height, width, 3), 1100 pixels wide.

    Raises:
        ValueError: If there is no run, or a record has no scores of the units and of the rotation.
    """
    if not runs:
        raise ValueError("wanted records of one network at least; given none")
    sections = _sections(runs, policy)
    rows = sum(len(section) for section in sections.values())
    high = _HEADER + rows * _ROW + len(sections) * 0.62 + 0.05
    said = "mean φ of a direction, on held-out pictures (S¹/I)   ·   small: a network, large: the mean of its kind"
    figure, page = blank_page(11.0, high, "How close are units to the rotation that is fitted to their layer?", said)
    drawn = (found for section in sections.values() for row in section for found in row.scores.values())
    most = max(score for found in drawn for score in found)
    _draw_legend(page)
    top = _HEADER
    for title, section in sections.items():
        _draw_section(page, title, section, top, most)
        top += len(section) * _ROW + 0.62
    return pixels(figure, page)


def _sections(runs: Sequence[Compared], policy: str) -> dict[str, list[_Row]]:
    """Rows by pictures and layer, in the order in which they come."""
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for run in runs:
        for (layer, basis), score in _scores(run.record, policy).items():
            kinds = found.setdefault(f"{run.pictures}, {layer}", {})
            kinds.setdefault(run.network, {}).setdefault(basis, []).append(score)
    return {title: [_Row(network, scores) for network, scores in kinds.items()] for title, kinds in found.items()}


def _scores(record: Record, policy: str) -> dict[tuple[str, str], float]:
    table = record.tables.get("bases")
    scores: dict[tuple[str, str], float] = {}
    for row in [] if table is None else table.to_pylist():
        if row["policy"] == policy and row["basis"] in MARKS and row["s1_per_direction"] is not None:
            scores[row["layer"], row["basis"]] = row["s1_per_direction"]
    if not {"natural", "unsupervised"} <= {basis for _, basis in scores}:
        raise ValueError(
            f"record {record.name!r} has no scores of units and rotation by {policy!r} in a table 'bases'; wanted an "
            "InterpretableBasis' of pictures with masks"
        )
    return scores


def _draw_legend(page: Axes) -> None:
    widths = (2.4, 2.1, 1.15, 2.15, 2.0)
    left = 0.55
    for (said, marker, colour, filled), width in zip(MARKS.values(), widths, strict=True):
        page.scatter([left], [1.25], s=52, marker=marker, facecolor=colour if filled else PAPER, edgecolor=colour)
        page.text(left + 0.15, 1.25, said, color=INK, fontsize=10, va="center")
        left += width


def _draw_section(page: Axes, title: str, section: Sequence[_Row], top: float, most: float) -> None:
    bottom = top + 0.25 + len(section) * _ROW
    page.text(0.4, top, title, color=INK, fontsize=11.5, weight="bold", va="center")
    page.text(_LEFT + _WIDE + 0.2, top, "units / rotation", color=QUIET, fontsize=9.5, va="center")
    for tick in round_ticks(0.0, most):
        x = _LEFT + _WIDE * tick / most
        page.plot([x, x], [top + 0.22, bottom - 0.08], color=LINE, linewidth=0.9, zorder=0)
        page.text(x, top + 0.1, f"{tick:g}", color=QUIET, fontsize=8.5, ha="center", va="center")
    for place, row in enumerate(section):
        y = top + 0.25 + (place + 0.5) * _ROW
        page.text(_LEFT - 0.25, y, row.network, color=INK, fontsize=10.5, ha="right", va="center")
        _draw_row(page, row, y, most)


def _draw_row(page: Axes, row: _Row, y: float, most: float) -> None:
    middles = {basis: _LEFT + _WIDE * mean(found) / most for basis, found in row.scores.items()}
    page.plot([middles["natural"], middles["unsupervised"]], [y, y], color=TRUE, linewidth=2.2, alpha=0.45, zorder=1)
    for basis, (_, marker, colour, filled) in MARKS.items():
        found = row.scores.get(basis, [])
        face = colour if filled else PAPER
        if len(found) > 1:
            xs = [_LEFT + _WIDE * score / most for score in found]
            page.scatter(xs, [y + 0.13] * len(xs), s=9, marker=marker, color=colour, linewidths=0, alpha=0.7, zorder=2)
        if found:
            page.scatter([middles[basis]], [y], s=52, marker=marker, facecolor=face, edgecolor=colour, zorder=3)
    ratios = [ours / best for ours, best in zip(row.scores["natural"], row.scores["unsupervised"], strict=True) if best]
    if ratios:
        span = f"  ({min(ratios):.0%} to {max(ratios):.0%})" if len(ratios) > 1 else ""
        page.text(_LEFT + _WIDE + 0.2, y, f"{mean(ratios):.0%}{span}", color=INK, fontsize=10, va="center")
