"""How much a network relies on a watermark, by the share of pictures that bore it in training: from records alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from matplotlib.axes import Axes

from rivalry.lens.page import FALSE, HUE, INK, LINE, PAPER, QUIET, TRUE, blank_page, pixels, round_ticks
from rivalry.records import Picture, Record

PANELS = {
    "attack_success": ("Attack success", "other pictures that become the target"),
    "accuracy_gap": ("Accuracy gap", "accuracy lost where all bear the mark"),
    "relevance_lift": ("Relevance lift", "relevance in the mark, by its area"),
}
"""Metrics of the table ``reliance``, a panel each: its title and what it means."""

_COLOURS = (HUE, FALSE, TRUE, INK)
_HIGH, _WIDE = 2.5, 2.75


@dataclass(frozen=True)
class Dosed:
    """A record of a network that has learnt from pictures with a watermark.

    Attributes:
        record: Of :class:`rivalry.artefacts.watermark.probe.WatermarkProbe`.
        share: Of the target class' pictures that bore the mark, in [0, 1].
        network: Which kind it is of; records of one kind and share are repetitions with other seeds.
    """

    record: Record
    share: float
    network: str


@dataclass(frozen=True)
class _Frame:
    """Where a panel is on the page, in inches, and what it spans."""

    left: float
    top: float
    shares: tuple[float, ...]
    least: float
    most: float

    def x(self, share: float) -> float:
        step = _WIDE / len(self.shares)
        return self.left + step * (0.5 + self.shares.index(share))

    def y(self, value: float) -> float:
        return self.top + _HIGH * (self.most - value) / (self.most - self.least)


def dose_chart(runs: Sequence[Dosed]) -> Picture:
    """Draw attack success, accuracy gap and relevance lift by dose: filled for the mark, hollow for the null mark.

    A dot is a network, the line through it its bootstrap interval (95 %); lines go through the means of a kind.

    Args:
        runs: One at least; of up to four kinds of network.

    Returns:
        uint8 (height, width, 3), 1100 pixels wide.

    Raises:
        ValueError: If there is no run, are too many kinds, or a record lacks a metric.
    """
    kinds = list(dict.fromkeys(run.network for run in runs))
    if not 1 <= len(kinds) <= len(_COLOURS):
        raise ValueError(f"wanted records of 1 to {len(_COLOURS)} kinds of network to draw; given {len(kinds)}")
    values = [_reliance(run.record) for run in runs]
    said = "a dot a network, with its bootstrap interval (95 %)   ·   filled: the mark   ·   hollow: the null mark"
    figure, page = blank_page(11.0, 5.35, "Reliance on a watermark by its dose in training", said)
    shares = tuple(sorted({run.share for run in runs}))
    for number, metric in enumerate(PANELS):
        ends = [end for row in values for name in (metric, f"{metric}_null") for end in row[name]]
        most = max(0.05, max(ends)) * 1.04
        frame = _Frame(0.95 + 3.42 * number, 1.95, shares, min(0.0, *ends), most)
        _draw_frame(page, frame, metric)
        for place, kind in enumerate(kinds):
            own = [(run.share, row) for run, row in zip(runs, values, strict=True) if run.network == kind]
            shift = 0.17 * (place - (len(kinds) - 1) / 2)
            for name, filled in ((f"{metric}_null", False), (metric, True)):
                _draw_series(page, frame, [(share, row[name]) for share, row in own], shift, _COLOURS[place], filled)
    for place, kind in enumerate(kinds):
        page.scatter([0.5 + 2.2 * place], [1.22], s=42, color=_COLOURS[place], linewidths=0)
        page.text(0.65 + 2.2 * place, 1.22, kind, color=INK, fontsize=11, va="center")
    return pixels(figure, page)


def _reliance(record: Record) -> dict[str, tuple[float, float, float]]:
    """Value, lower and upper end of the metrics that are drawn."""
    table = record.tables.get("reliance")
    rows = {} if table is None else {row["metric"]: row for row in table.to_pylist() if None not in row.values()}
    wanted = [name for metric in PANELS for name in (metric, f"{metric}_null")]
    missing = [name for name in wanted if name not in rows]
    if missing:
        raise ValueError(
            f"record {record.name!r} has no {missing[0]!r} in a table 'reliance'; wanted a WatermarkProbe's"
        )
    return {name: (rows[name]["value"], rows[name]["low"], rows[name]["high"]) for name in wanted}


def _draw_frame(page: Axes, frame: _Frame, metric: str) -> None:
    """Title, grid and names of the axes."""
    title, meaning = PANELS[metric]
    page.text(frame.left, frame.top - 0.38, title, color=INK, fontsize=13, weight="bold", va="center")
    page.text(frame.left, frame.top - 0.16, meaning, color=QUIET, fontsize=9, va="center")
    for tick in round_ticks(frame.least, frame.most):
        y = frame.y(tick)
        page.plot([frame.left, frame.left + _WIDE], [y, y], color=LINE, linewidth=0.9, zorder=0)
        said = f"{tick:g}×" if metric == "relevance_lift" else f"{tick:.0%}"
        page.text(frame.left - 0.08, y, said, color=QUIET, fontsize=9, ha="right", va="center")
    for share in frame.shares:
        page.text(
            frame.x(share), frame.top + _HIGH + 0.2, f"{share:g}", color=INK, fontsize=10, ha="center", va="center"
        )
    below = frame.top + _HIGH + 0.48
    page.text(
        frame.left + _WIDE / 2, below, "share of the class that bore the mark", color=QUIET, fontsize=9, ha="center"
    )


def _draw_series(
    page: Axes,
    frame: _Frame,
    points: Sequence[tuple[float, tuple[float, float, float]]],
    shift: float,
    colour: str,
    filled: bool,
) -> None:
    """The dots of one kind of network with their intervals, and the line through their means."""
    ordered = sorted(points, key=lambda point: point[0])
    means = []
    for share, group in groupby(ordered, key=lambda point: point[0]):
        found = [value for _, value in group]
        middle = frame.x(share) + shift
        means.append((middle, frame.y(sum(value for value, _, _ in found) / len(found))))
        for number, (value, low, high) in enumerate(found):
            x = middle + 0.045 * (number - (len(found) - 1) / 2)
            page.plot([x, x], [frame.y(low), frame.y(high)], color=colour, linewidth=1.3, alpha=0.55 if filled else 0.3)
            face = colour if filled else PAPER
            page.scatter([x], [frame.y(value)], s=22, facecolor=face, edgecolor=colour, linewidths=1.0, zorder=3)
    across, down = zip(*means, strict=True)
    page.plot(across, down, color=colour, linewidth=1.6 if filled else 1.0, linestyle="-" if filled else (0, (4, 3)),
              alpha=1.0 if filled else 0.6, zorder=2)  # fmt: skip
