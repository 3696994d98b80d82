"""What charts share: numbers in words, round ticks, colours, and SVG whose words are escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable

from markupsafe import Markup, escape

HUES = 10

NONE = "–"
"""Stands where there is no number."""


def swatch(number: int) -> str:
    """The class of a categorical colour, which is light or dark as the page is.

    >>> swatch(12)
    'hue-2'
    """
    return f"hue-{number % HUES}"


def said(value: float | None, digits: int = 2) -> str:
    """A number as it is read, thousands apart; a dash where there is none.

    >>> said(1234.5, 1), said(-0.25), said(float("nan")), said(0.0000123), said(-0.001)
    ('1,234.5', '−0.25', '–', '0.000012', '−0.001')
    """
    number = _finite(value)
    if number is None:
        return NONE
    if number and abs(number) < 0.5 * 10**-digits:
        digits = min(12, 1 - math.floor(math.log10(abs(number))))
        return f"{number:.{digits}f}".rstrip("0").replace("-", "−")
    return f"{number:,.{digits}f}".replace("-", "−")


def said_percent(value: float | None, digits: int = 1) -> str:
    """A share as percent.

    >>> said_percent(0.1234), said_percent(None), said_percent(-0.5, 0)
    ('12.3 %', '–', '−50 %')
    """
    number = _finite(value)
    if number is None:
        return NONE
    shown = f"{100 * number:,.{digits}f} %".replace("-", "−")
    return shown.removeprefix("−") if not float(f"{100 * number:.{digits}f}") else shown


def counted(number: float, one: str, several: str = "") -> str:
    """A number of things.

    >>> counted(1, "layer"), counted(1200, "unit"), counted(2, "class", "classes")
    ('1 layer', '1,200 units', '2 classes')
    """
    return f"{said(number, 0)} {one if round(number) == 1 else several or f'{one}s'}"


def short(name: str, longest: int = 80) -> str:
    """A name that may be of any length, where a sentence or a key has no room for that.

    >>> short("traffic light", 8)
    'traffic…'
    """
    return name if len(name) <= longest else f"{name[: longest - 1].rstrip()}…"


def finite(values: Iterable[float | None]) -> list[float]:
    """Those of the values that are finite numbers."""
    return [number for value in values if (number := _finite(value)) is not None]


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Some round numbers from ``low`` to ``high``, both within.

    >>> [round(tick, 2) for tick in ticks(0.0, 0.57)]
    [0.0, 0.2, 0.4]
    """
    rough = (high - low) / count
    if not rough > 0 or not math.isfinite(rough):
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [step * number for number in range(first, math.floor(high / step + 1e-9) + 1)]


def tick_said(value: float, *, percent: bool, step: float) -> str:
    """A tick as short as its neighbours allow."""
    size = 100 * step if percent else step
    digits = max(0, -math.floor(math.log10(size))) if size > 0 else 0
    if percent:
        return said_percent(value, digits)
    if abs(value) >= 1e5:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    return said(value, digits) if value else "0"


def drawing(parts: Iterable[str], *, title: str, told: str, width: float, height: float, kind: str = "chart") -> Markup:
    """An SVG picture with its title and what it shows, in words; ``parts`` are markup already."""
    head = f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" role="img">'
    named = f"<title>{escape(title)}</title><desc>{escape(told)}</desc>"
    return Markup(head + named + "".join(parts) + "</svg>")


def text(x: float, y: float, words: str, *, anchor: str = "start", kind: str = "") -> str:
    """Words in a drawing, escaped."""
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{named}>{escape(words)}</text>'


def _finite(value: float | None) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
