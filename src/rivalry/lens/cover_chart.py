"""How many units must be read to know most of a logit: what is known after each unit, a line a picture.

Units are read by what they contribute, the largest of either sign first. A line has arrived where it comes into the
band about the whole logit for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from rivalry.lens.page import FALSE, HUE, INK, LINE, QUIET, TRUE, blank_page, pixels
from rivalry.records import Picture

COLUMNS = 3

_LOW, _HIGH = 0.0, 1.5
_LEFT, _TOP, _WIDE, _TALL = 0.75, 1.75, 2.85, 1.8
_STEP = (3.4, 2.9)


@dataclass(frozen=True)
class Covered:
    """A network on some pictures.

    Attributes:
        pictures: What was shown.
        network: Which kind it is of.
        known: Of each picture, the share of the logit that is known after 0, 1, 2 … units; all are as long, the last is
            1.
        arrived: Of each picture, after how many units the share stays within the band.
    """

    pictures: str
    network: str
    known: Sequence[Sequence[float]]
    arrived: Sequence[int]


def cover_chart(networks: Sequence[Covered], share: float = 0.9) -> Picture:
    """Draw what is known of logits after each unit.

    Args:
        networks: A row of panels for those of the same pictures, three a row.
        share: Of the logit that is to be known, in (0, 1).

    Returns:
        uint8 (height, width, 3), 1100 pixels wide.

    Raises:
        ValueError: If there is no network, or one without a picture.
    """
    if not networks or not all(one.known for one in networks):
        raise ValueError("wanted a network at least, and of each a picture at least")
    places = _places(networks)
    rows = places[-1][0] + 1
    said = f"what is known of the logit, a line a picture   ·   the dot: within {1 - share:.0%} of it for good"
    figure, page = blank_page(11.0, _TOP + rows * _STEP[1] - 0.25, "How many units must be read?", said)
    for one, (row, column) in zip(networks, places, strict=True):
        _draw_panel(page, one, _LEFT + column * _STEP[0], _TOP + row * _STEP[1], share)
    return pixels(figure, page)


def _places(networks: Sequence[Covered]) -> list[tuple[int, int]]:
    """Row and column of every panel; other pictures begin a row."""
    places: list[tuple[int, int]] = []
    for number, one in enumerate(networks):
        row, column = places[-1] if places else (0, -1)
        fresh = column + 1 == COLUMNS or (number > 0 and one.pictures != networks[number - 1].pictures)
        places.append((row + 1, 0) if fresh else (row, column + 1))
    return places


def _draw_panel(page: Axes, one: Covered, left: float, top: float, share: float) -> None:
    units = len(one.known[0]) - 1

    def y(known: float) -> float:
        return top + _TALL * (_HIGH - min(max(known, _LOW), _HIGH)) / (_HIGH - _LOW)

    page.text(left, top - 0.42, f"{one.pictures}, {one.network}", color=INK, fontsize=11.5, weight="bold", va="center")
    page.text(
        left, top - 0.18, f"median {median(one.arrived):g} of {units} units", color=QUIET, fontsize=9.5, va="center"
    )
    band = Rectangle((left, y(2 - share)), _WIDE, y(share) - y(2 - share), facecolor=TRUE, alpha=0.14, linewidth=0)
    page.add_patch(band)
    for tick in (0.0, 0.5, 1.0, 1.5):
        page.plot([left, left + _WIDE], [y(tick), y(tick)], color=LINE, linewidth=0.9, zorder=0)
        page.text(left - 0.08, y(tick), f"{tick:.0%}", color=QUIET, fontsize=8.5, ha="right", va="center")
    for count in (0, units // 4, units // 2, 3 * units // 4, units):
        x = left + _WIDE * count / units
        page.text(x, top + _TALL + 0.16, str(count), color=QUIET, fontsize=8.5, ha="center", va="center")
    page.text(left + _WIDE / 2, top + _TALL + 0.38, "units read", color=QUIET, fontsize=8.5, ha="center", va="center")
    for known, arrived in zip(one.known, one.arrived, strict=True):
        xs = [left + _WIDE * count / units for count in range(units + 1)]
        page.plot(xs, [y(value) for value in known], color=HUE, linewidth=1.0, alpha=0.6)
        page.scatter([xs[arrived]], [y(known[arrived])], s=20, color=FALSE, linewidths=0, zorder=3)
