"""The drawings of a unit's page: its histogram as one path, for a hundred thousand pages hold one, and rarer curves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup, escape

from rivalry.lens.site.charts import Series, curves, said
from rivalry.lens.site.charts.marks import finite
from rivalry.lens.site.units.view import Curve

_WIDE, _HIGH, _FOOT = 320, 84, 16
_LIMITS = -2.0, 2.0  # of naturalness


def steps(edges: Sequence[float | None] | None, counts: Sequence[float | None] | None, title: str) -> Markup:
    """Draw counts between edges, one edge more than counts, as a filled outline with its ends below.

    Returns:
        SVG with its numbers in words; nothing where nothing is counted, or edges and counts do not fit.
    """
    known, high = finite(edges or ()), finite(counts or ())
    if len(known) != len(edges or ()) or len(known) != len(high) + 1 or max(high, default=0) <= 0:
        return Markup("")
    first, last = known[0], known[-1]
    if not all(one < other for one, other in pairwise(known)):
        return Markup("")
    across = [round(_WIDE * (edge - first) / (last - first)) for edge in known]
    tall = [_HIGH - (max(1, round((_HIGH - 4) * count / max(high))) if count else 0) for count in high]
    path = (
        f"M0 {_HIGH}" + "".join(f"V{top}H{right}" for top, right in zip(tall, across[1:], strict=True)) + f"V{_HIGH}z"
    )
    fullest = max(range(len(high)), key=lambda number: high[number])
    told = (
        f"{said(sum(high), 0)} values from {said(first)} to {said(last)}, "
        f"most often {said(known[fullest])} to {said(known[fullest + 1])}"
    )
    foot = _HIGH + _FOOT - 3
    zero = ""
    if first < 0 < last:
        zero = f'<path class="axis" d="M{round(-_WIDE * first / (last - first))} 0V{_HIGH}"/>'
    return Markup(
        f'<svg class="chart steps" viewBox="0 0 {_WIDE} {_HIGH + _FOOT}" role="img"><title>{escape(title)}</title>'
        f'<desc>{escape(told)}</desc><path class="block" d="{path}"/>{zero}<text y="{foot}">{said(first)}</text>'
        f'<text x="{_WIDE}" y="{foot}" text-anchor="end">{said(last)}</text></svg>'
    )


def naturalness(given: Sequence[Curve]) -> Markup:
    """Draw how natural prototypes are from layer to layer, the plain visualisation as their floor.

    What lies outside of ``_LIMITS`` is drawn at their edge: where a layer hardly tells classes, ends run far off.
    """
    series: list[Series] = []
    floor: list[Series] = []
    for one in given:
        points = [(depth, _within(value)) for depth, value in one.points]
        if one.method == "prototype":
            low, high = ([_within(end) for _, end in ends] for ends in (one.low, one.high))
            series.append(Series(one.method, points, "main", low, high))
        else:
            floor.append(Series(one.method, points, "floor"))
    return curves(
        series, title="Naturalness of its path", x="depth of the layer", y="1 as another picture, 0 as any",
        floor=floor, height=150,
    )  # fmt: skip


def _within(value: float | None) -> float:
    return float("nan") if value is None else min(max(value, _LIMITS[0]), _LIMITS[1])
