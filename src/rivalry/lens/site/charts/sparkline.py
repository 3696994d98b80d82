"""A line no larger than a word."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from rivalry.lens.site.charts.marks import drawing, finite, said

_WIDTH, _HEIGHT, _EDGE = 90.0, 22.0, 3.0


def sparkline(values: Sequence[float | None], *, title: str) -> Markup:
    """Draw values in their order; those that are no numbers are left out. Nothing where none is a number."""
    known = [(at, number) for at, value in enumerate(values) for number in finite([value])]
    if not known:
        return Markup("")
    least, most = (bound(number for _, number in known) for bound in (min, max))
    across, upright = (_WIDTH - 2 * _EDGE) / max(1, len(values) - 1), _HEIGHT - 2 * _EDGE
    places = [
        (_EDGE + across * at, _EDGE + upright * (1 - (number - least) / (most - least) if most > least else 0.5))
        for at, number in known
    ]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    end = f'<circle class="dot" cx="{places[-1][0]:.1f}" cy="{places[-1][1]:.1f}" r="2.2"/>'
    told = f"from {said(known[0][1])} to {said(known[-1][1])}, least {said(least)}, most {said(most)}"
    parts = [f'<path class="line" d="{path}"/>', end]
    return drawing(parts, title=title, told=told, width=_WIDTH, height=_HEIGHT, kind="spark")
