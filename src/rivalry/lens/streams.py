"""The figure of emergence: streams of concepts over the epochs, and the share of labels that stayed.

A stream is as wide as the number of units that have the concept as their label. The widest have colours and their names
where they end; all others flow together in grey at the foot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from rivalry.lens.drawable import shows_emergence
from rivalry.lens.page import HUE, INK, LINE, QUIET, blank_page, pixels
from rivalry.records import Picture, Record

COLOURS = (
    "#4a6fa5", "#c58b3b", "#3d8361", "#b9654a", "#7d6aa8", "#5aa0a5",
    "#a3a14a", "#c97b93", "#5b7f3a", "#8a5a3c", "#86a6d6", "#d8b46a",
)  # fmt: skip
"""One for each of the concepts that have a stream of their own."""

OTHERS = "#dcd9d1"
_LEFT, _RIGHT, _TOP, _FOOT = 1.3, 8.0, 1.25, 5.55
_ALL, _NONE = 6.55, 7.45  # where all labels stay, and none
_STEPS = 24
_LINE_HEIGHT = 0.27
_LONGEST = 25

Widths = npt.NDArray[np.float64]


def emergence_streams(record: Record) -> Picture:
    """Draw which concepts came, grew and went.

    Widths are exact at the epochs; between them they go over smoothly.

    Args:
        record: Of :func:`rivalry.dissection.emergence.emergence`, of two epochs at least.

    Returns:
        uint8 (790, 1100, 3).

    Raises:
        ValueError: If the record holds no streams, or those of one epoch.
    """
    if not shows_emergence(record):
        raise ValueError(f"record {record.name!r} holds no streams of concepts over two epochs or more to draw")
    history = record.tables["epochs"]
    epochs: list[int] = history["epoch"].to_pylist()
    widths = _widths(record, epochs)
    named = _widest(record, widths)
    rest = [width for concept, width in widths.items() if concept not in named]
    streams = [sum(rest, np.zeros(len(epochs))), *(widths[concept] for concept in named)]
    figure, page = blank_page(11.0, 7.9, "Which concepts emerged", _line(record))
    _draw_epochs(page, epochs, history["distinct_concepts"].to_pylist())
    ends = _draw_streams(page, epochs, streams)
    names = [f"{len(rest)} more" if rest else "", *named]
    _name_streams(page, ends, [(name, int(stream[-1])) for name, stream in zip(names, streams, strict=True)])
    _draw_shares(page, epochs, history["labels_unchanged"].to_pylist())
    return pixels(figure, page)


def _widths(record: Record, epochs: Sequence[int]) -> dict[str, Widths]:
    """Units of every concept, an epoch each."""
    place = {epoch: column for column, epoch in enumerate(epochs)}
    widths: dict[str, Widths] = {}
    for row in record.tables["streams"].to_pylist():
        widths.setdefault(row["concept"], np.zeros(len(epochs)))[place[row["epoch"]]] = row["units"]
    return widths


def _widest(record: Record, widths: Mapping[str, Widths]) -> list[str]:
    """The concepts of the most units over all epochs, in the order in which they came."""
    chosen = set(sorted(widths, key=lambda concept: (-widths[concept].sum(), concept))[: len(COLOURS)])
    return [concept for concept in record.tables["concepts"]["concept"].to_pylist() if concept in chosen]


def _line(record: Record) -> str:
    numbers = record.scalars
    said = [f"epoch {record.epoch}", f"{numbers['distinct_concepts']:.0f} concepts"]
    said.append(f"{numbers['new_concepts']:.0f} new, {numbers['lost_concepts']:.0f} lost")
    if not math.isnan(numbers["labels_unchanged"]):
        said.append(f"{numbers['labels_unchanged']:.0%} of labels unchanged")
    return "   ·   ".join(said)


def _along(epochs: Sequence[float] | Widths, first: int, last: int) -> Widths:
    """Inches from the left at which epochs stand."""
    return _LEFT + (np.asarray(epochs, dtype=float) - first) / (last - first) * (_RIGHT - _LEFT)


def _draw_epochs(page: Axes, epochs: Sequence[int], concepts: Sequence[int]) -> None:
    for height, said in ((_FOOT + 0.22, "epoch"), (_FOOT + 0.44, "concepts")):
        page.text(0.4, height, said, color=QUIET, fontsize=9, va="center")
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 10**9) if len(epochs) / step <= 14)
    for place in range(0, len(epochs), step):
        across = float(_along([epochs[place]], epochs[0], epochs[-1])[0])
        page.plot([across, across], [_TOP, _NONE], color=LINE, linewidth=0.8, zorder=0)
        page.text(across, _FOOT + 0.22, str(epochs[place]), color=INK, fontsize=9, ha="center", va="center")
        page.text(across, _FOOT + 0.44, str(concepts[place]), color=QUIET, fontsize=9, ha="center", va="center")


def _draw_streams(page: Axes, epochs: Sequence[int], streams: Sequence[Widths]) -> list[float]:
    """Stack them from the foot upwards; returns the middle of each where it ends."""
    scale = (_FOOT - _TOP) / max(float(np.sum(streams, axis=0).max()), 1.0)
    across = _along(_between(np.array(epochs, dtype=float), smooth=False), epochs[0], epochs[-1])
    below = np.full(len(across), _FOOT)
    ends = []
    for colour, stream in zip((OTHERS, *COLOURS), streams, strict=False):
        above = below - scale * _between(stream, smooth=True)
        page.fill_between(across, below, above, color=colour, linewidth=0.5, edgecolor="white")
        ends.append(float(below[-1] + above[-1]) / 2)
        below = above
    return ends


def _between(values: Widths, *, smooth: bool) -> Widths:
    """Values at the epochs and at steps between them."""
    way = np.arange(_STEPS) / _STEPS
    share = way * way * (3 - 2 * way) if smooth else way
    parts = values[:-1, None] + (values[1:] - values[:-1])[:, None] * share
    return np.append(parts.ravel(), values[-1])


def _name_streams(page: Axes, ends: Sequence[float], names: Sequence[tuple[str, int]]) -> None:
    """Write the names beside the ends, as near as they can stand without touching, with a line to each."""
    said = [
        (end, name, units, colour)
        for end, (name, units), colour in zip(ends, names, (OTHERS, *COLOURS), strict=False)
        if name
    ]
    said.sort(key=lambda one: one[0])
    for height, (end, name, units, colour) in zip(_apart([one[0] for one in said]), said, strict=True):
        page.plot([_RIGHT + 0.02, _RIGHT + 0.18, _RIGHT + 0.24], [end, height, height], color=colour, linewidth=1.6)
        short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
        count = f"{units} unit{'' if units == 1 else 's'}" if units else "gone"
        page.text(_RIGHT + 0.3, height, short, color=INK if units else QUIET, fontsize=10, va="center")
        page.text(10.7, height, count, color=QUIET, fontsize=8.5, ha="right", va="center")


def _apart(wanted: Sequence[float]) -> list[float]:
    """Heights near those wanted, ascending, a line apart at least and on the page."""
    heights: list[float] = []
    for one in wanted:
        heights.append(max(one, heights[-1] + _LINE_HEIGHT if heights else _TOP))
    limit = _FOOT
    for place in reversed(range(len(heights))):
        heights[place] = min(heights[place], limit)
        limit = heights[place] - _LINE_HEIGHT
    return heights


def _draw_shares(page: Axes, epochs: Sequence[int], shares: Sequence[float | None]) -> None:
    for share in (0.0, 0.5, 1.0):
        height = _NONE + share * (_ALL - _NONE)
        page.plot([_LEFT, _RIGHT], [height, height], color=LINE, linewidth=0.8, zorder=0)
        page.text(_LEFT - 0.12, height, f"{share:.0%}", color=QUIET, fontsize=9, ha="right", va="center")
    page.text(0.4, _ALL - 0.2, "labels unchanged since the epoch before", color=QUIET, fontsize=9, va="center")
    known = [(epoch, share) for epoch, share in zip(epochs, shares, strict=True) if share is not None]
    if not known:
        return
    across = _along([epoch for epoch, _ in known], epochs[0], epochs[-1])
    heights = [_NONE + share * (_ALL - _NONE) for _, share in known]
    page.plot(across, heights, color=HUE, linewidth=1.8, marker="o", markersize=4.5)
    page.text(
        _RIGHT + 0.3, heights[-1], f"{known[-1][1]:.0%} in epoch {known[-1][0]}", color=HUE, fontsize=10, va="center"
    )
