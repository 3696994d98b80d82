"""Lines over epochs or another quantity, with their floors beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

from rivalry.lens.site.charts.marks import drawing, finite, said, said_percent, short, swatch, text, tick_said, ticks

_WIDTH, _LEFT, _RIGHT, _TOP, _FOOT = 380.0, 48.0, 12.0, 8.0, 34.0
_DOTS = 40  # more points than these have a line only


@dataclass(frozen=True)
class Series:
    """One line.

    Attributes:
        name: In the key, and in words.
        points: (x, y); those without a finite y are left out.
        kind: ``main`` in a colour of its own, ``beside`` dashed, ``floor`` grey and dashed, ``quiet`` grey.
        low: Lower ends of an interval at each point, or none.
        high: Upper ends.
    """

    name: str
    points: Sequence[tuple[float, float]]
    kind: Literal["main", "beside", "floor", "quiet"] = "main"
    low: Sequence[float] = ()
    high: Sequence[float] = ()


def curves(
    series: Sequence[Series], *, title: str, x: str = "epoch", y: str = "", percent: bool = False,
    floor: Sequence[Series] = (), band: tuple[float, float] | None = None, marked: float | None = None,
    height: int = 180,
) -> Markup:  # fmt: skip
    """Draw lines with a title above and a key below.

    Args:
        series: Lines; those without points are left out.
        title: What they show.
        x: What is along the foot.
        y: What is upwards, where the title does not say it.
        percent: Whether values are shares, shown as percent.
        floor: Further lines, drawn as floors.
        band: A range of y that is set apart, such as what chance gives.
        marked: An x that a line marks, such as the epoch that is shown.
        height: Of the drawing, in pixels.

    Returns:
        HTML; a sentence where there is nothing to draw.
    """
    lines = [_whole(one) for one in (*series, *(Series(f.name, f.points, "floor", f.low, f.high) for f in floor))]
    lines = [one for one in lines if one.points]
    if not lines:
        return Markup('<p class="missing">{}: no values.</p>').format(title)
    frame = _Frame.around(lines, band, height, percent=percent)
    parts = [*frame.axes(x), *frame.extras(band, marked)]
    for colour, one in enumerate(lines):
        parts += frame.line(one, swatch(colour))
    told = "; ".join(_told(one, x, percent=percent) for one in lines)
    picture = drawing(parts, title=title, told=told, width=_WIDTH, height=height)
    above = Markup('<div class="said">{}{}</div>').format(title, f", {y}" if y else "")
    return Markup('<div class="chartbox">{}{}{}</div>').format(above, picture, _key(lines, percent=percent))


@dataclass(frozen=True)
class _Frame:
    """Where values lie in the drawing."""

    low: tuple[float, float]
    high: tuple[float, float]
    xs: Sequence[float]
    height: float
    percent: bool

    @classmethod
    def around(
        cls, lines: Sequence[Series], band: tuple[float, float] | None, height: float, *, percent: bool
    ) -> _Frame:
        xs = sorted({point[0] for one in lines for point in one.points})
        ys = [point[1] for one in lines for point in one.points]
        ys += finite([*(band or ()), *(end for one in lines for end in (*one.low, *one.high))])
        least, most = min(ys), max(ys)
        if least > 0 and not 0.7 * most <= least < 0.98 * most:  # also where it hardly changes: it is to look still
            least = 0.0
        room = 0.06 * (most - least) or 0.1 * abs(most) or (0.1 if percent else 1.0)
        bottom = least if least == 0 else least - room
        top = most if percent and most == 1 else most + room
        return cls((xs[0], bottom), (xs[-1], top), xs, height, percent)

    def place(self, x: float, y: float) -> tuple[float, float]:
        wide = self.high[0] - self.low[0]
        along = (x - self.low[0]) / wide if wide else 0.5
        up = (y - self.low[1]) / (self.high[1] - self.low[1])
        across, upright = _WIDTH - _LEFT - _RIGHT, self.height - _TOP - _FOOT
        return _LEFT + along * across, _TOP + (1 - up) * upright

    def axes(self, x: str) -> list[str]:
        steps = ticks(self.low[1], self.high[1])
        step = steps[1] - steps[0] if len(steps) > 1 else abs(steps[0]) or 1.0
        parts = []
        for tick in steps:
            _, at = self.place(self.low[0], tick)
            parts.append(f'<path class="axis" d="M{_LEFT:g} {at:.1f}H{_WIDTH - _RIGHT:g}"/>')
            parts.append(text(_LEFT - 6, at + 4, tick_said(tick, percent=self.percent, step=step), anchor="end"))
        foot = self.height - _FOOT + 14
        for tick in self._feet():
            parts.append(text(self.place(tick, self.low[1])[0], foot, f"{tick:g}", anchor="middle"))
        return [*parts, text((_LEFT + _WIDTH - _RIGHT) / 2, self.height - 3, x, anchor="middle")]

    def extras(self, band: tuple[float, float] | None, marked: float | None) -> list[str]:
        parts = []
        if band is not None and len(finite(band)) == 2:
            (_, low), (_, high) = self.place(self.low[0], band[0]), self.place(self.low[0], band[1])
            size = f'x="{_LEFT:g}" y="{high:.1f}" width="{_WIDTH - _LEFT - _RIGHT:g}" height="{low - high:.1f}"'
            parts.append(f'<rect class="band" {size}/>')
        if marked is not None and self.low[0] <= marked <= self.high[0]:
            at, _ = self.place(marked, self.low[1])
            parts.append(f'<path class="marked" d="M{at:.1f} {_TOP:g}V{self.height - _FOOT:g}"/>')
        return parts

    def line(self, one: Series, colour: str) -> list[str]:
        kind = f"{one.kind} {colour}"
        places = [self.place(*point) for point in one.points]
        path = "M" + "L".join(f"{across:.1f} {down:.1f}" for across, down in places)
        parts = []
        if len(one.low) == len(one.points) == len(one.high):
            xs = [point[0] for point in one.points]
            above = [self.place(*pair) for pair in zip(xs, one.high, strict=True)]
            below = [self.place(*pair) for pair in zip(xs, one.low, strict=True)][::-1]
            outline = "L".join(f"{across:.1f} {down:.1f}" for across, down in (*above, *below))
            parts.append(f'<path class="spread {kind}" d="M{outline}Z"/>')
        parts.append(f'<path class="line {kind}" d="{path}"/>')
        if len(places) <= _DOTS:
            dots = zip(places, one.points, strict=True)
            parts += [self._dot(place, point, one.name, kind) for place, point in dots]
        return parts

    def _dot(self, place: tuple[float, float], point: tuple[float, float], name: str, kind: str) -> str:
        words = f"{name}, {point[0]:g}: {_value(point[1], percent=self.percent)}"
        circle = f'<circle class="dot {kind}" cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="2.8">'
        return f"{circle}<title>{escape(words)}</title></circle>"

    def _feet(self) -> list[float]:
        """Values under the foot: all where they are few, else round ones."""
        if len(self.xs) <= 8:
            return list(self.xs)
        return [tick for tick in ticks(self.low[0], self.high[0], 6) if tick >= self.low[0]]


def _whole(one: Series) -> Series:
    """The series without points that are no numbers."""
    kept = [number for number, point in enumerate(one.points) if len(finite(point)) == 2]
    kept.sort(key=lambda number: one.points[number][0])
    ends = [end for end in (one.low, one.high) if len(end) == len(one.points)]
    spread = len(ends) == 2 and all(len(finite((one.low[at], one.high[at]))) == 2 for at in kept)
    low, high = ([side[at] for at in kept] for side in (one.low, one.high)) if spread else ((), ())
    return Series(one.name, [one.points[at] for at in kept], one.kind, low, high)


def _told(one: Series, x: str, *, percent: bool) -> str:
    first, last = one.points[0], one.points[-1]
    end = f"{_value(last[1], percent=percent)} at {x} {last[0]:g}"
    if len(one.points) == 1:
        return f"{one.name}: {end}"
    values = [point[1] for point in one.points]
    reach = f"least {_value(min(values), percent=percent)}, most {_value(max(values), percent=percent)}"
    return f"{one.name}: {_value(first[1], percent=percent)} at {x} {first[0]:g}, {end}; {reach}"


def _value(value: float, *, percent: bool) -> str:
    if percent:
        return said_percent(value)
    return said(value, 0 if value == math.floor(value) else 2)


def _key(lines: Sequence[Series], *, percent: bool) -> Markup:
    """Names of the lines with their last values."""
    row = Markup('<li class="key {} {}">{} <b>{}</b></li>')
    rows = [row.format(one.kind, swatch(colour), short(one.name, 60), _value(one.points[-1][1], percent=percent))
            for colour, one in enumerate(lines)]  # fmt: skip
    return Markup('<ul class="keys">{}</ul>').format(Markup("").join(rows))
