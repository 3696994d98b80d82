"""Bars with names that can be read and followed: a table that draws itself, negative values to the left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rivalry.lens.site.charts.marks import finite, said, said_percent, short, swatch


@dataclass(frozen=True)
class Bar:
    """One row.

    Attributes:
        name: What the value is of.
        value: Its length; no number leaves the row without a bar.
        href: Where the name leads, relative to the page.
        colour: Number of a categorical colour (see :func:`rivalry.lens.site.charts.swatch`).
        note: Said below the name.
        low: Lower end of an interval.
        high: Upper end.
    """

    name: str
    value: float | None
    href: str | None = None
    colour: int | None = None
    note: str = ""
    low: float | None = None
    high: float | None = None


def bars(rows: Sequence[Bar], *, title: str, percent: bool = False) -> Markup:
    """Draw rows, in the order given, as a table whose caption is the title.

    Returns:
        HTML; a sentence where there are no rows.
    """
    if not rows:
        return Markup('<p class="missing">{}: no values.</p>').format(title)
    ends = finite([0.0, *(end for row in rows for end in (row.value, row.low, row.high))])
    low, wide = min(ends), (max(ends) - min(ends)) or 1.0
    say = _say([row.value for row in rows], percent=percent)
    body = Markup("").join(_row(row, low, wide, say, percent=percent) for row in rows)
    head = Markup('<thead class="hidden"><tr><th scope="col">name</th><th scope="col">bar</th>'
                  '<th scope="col">value</th></tr></thead>')  # fmt: skip
    table = '<table class="bars"><caption>{}</caption>{}<tbody>{}</tbody></table>'
    return Markup(table).format(title, head, body)


def _say(values: Sequence[float | None], *, percent: bool) -> Callable[[float | None], str]:
    """How values are said: counts, which are whole one and all, without digits behind the point."""
    if percent:
        return said_percent
    counts = all(value == round(value) for value in finite(values))
    return lambda value: said(value, 0 if counts else 2)


def _row(row: Bar, low: float, wide: float, say: Callable[[float | None], str], *, percent: bool) -> Markup:
    words = short(row.name) or "(no name)"
    name = Markup('<a href="{}">{}</a>').format(row.href, words) if row.href else Markup("{}").format(words)
    note = Markup('<span class="note">{}</span>').format(row.note) if row.note else ""
    colour = "" if row.colour is None else swatch(row.colour)
    cell = Markup('<td class="place {}"><span class="track" aria-hidden="true">{}</span></td>')
    track = cell.format(colour, _track(row, low, wide))
    reach = _reach(row, percent=percent)
    whole = Markup(' title="{}"').format(row.name) if words != row.name else ""
    line = '<tr><th scope="row"{}>{}{}</th>{}<td class="value">{}{}</td></tr>'
    return Markup(line).format(whole, name, note, track, say(row.value), reach)


def _track(row: Bar, low: float, wide: float) -> Markup:
    def span(kind: str, begin: float, end: float) -> Markup:
        place = Markup('<span class="{}" style="--from:{}%;--wide:{}%"></span>')
        return place.format(kind, round(100 * (begin - low) / wide, 2), round(100 * (end - begin) / wide, 2))

    parts = Markup("")
    for value in finite([row.value]):
        parts += span("fill negative" if value < 0 else "fill", min(0.0, value), max(0.0, value))
    ends = finite([row.low, row.high])
    if len(ends) == 2:
        parts += span("reach", *ends)
    return parts + (span("zero", 0.0, 0.0) if low < 0 else Markup(""))


def _reach(row: Bar, *, percent: bool) -> Markup:
    ends = finite([row.low, row.high])
    if len(ends) < 2:
        return Markup("")
    words = " to ".join(said_percent(end, 0) if percent else said(end) for end in ends)
    return Markup('<span class="note">{}</span>').format(words)
