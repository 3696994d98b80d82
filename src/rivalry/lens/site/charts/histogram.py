"""How often values fall between edges."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from rivalry.lens.site.charts.marks import drawing, finite, said, text

_WIDTH, _HEIGHT, _FOOT, _TOP = 320.0, 110.0, 18.0, 6.0


def histogram(edges: Sequence[float], counts: Sequence[float], *, title: str, marked: float | None = None) -> Markup:
    """Draw counts between edges, one edge more than counts.

    Args:
        edges: Ascending.
        counts: Of each bin.
        title: What is counted.
        marked: A value that a line marks.

    Returns:
        SVG; a sentence where there is nothing counted, or the edges do not fit.
    """
    fits = len(edges) == len(counts) + 1 == len(finite(edges)) and len(finite(counts)) == len(counts)
    most = max(counts, default=0) if fits else 0
    if not most > 0:
        return Markup('<p class="missing">{}: nothing counted.</p>').format(title)
    first, last = edges[0], edges[-1]
    wide = (last - first) or 1.0
    parts = []
    for number, count in enumerate(counts):
        left, right = (_WIDTH * (edges[number + step] - first) / wide for step in (0, 1))
        if last == first:
            left, right = 0.0, _WIDTH
        high = (_HEIGHT - _FOOT - _TOP) * count / most
        if count:
            high, told = max(high, 1.0), f"{said(edges[number])} to {said(edges[number + 1])}: {said(count, 0)}"
            size = f'x="{left + 0.5:.1f}" y="{_HEIGHT - _FOOT - high:.1f}" width="{max(right - left - 1, 0.5):.1f}"'
            title_of = f"<title>{escape(told)}</title>"
            parts.append(f'<rect class="block" {size} height="{high:.1f}">{title_of}</rect>')
    parts.append(f'<path class="axis" d="M0 {_HEIGHT - _FOOT:g}H{_WIDTH:g}"/>')
    parts += [text(0, _HEIGHT - 4, said(first)), text(_WIDTH, _HEIGHT - 4, said(last), anchor="end")]
    if marked is not None and first <= marked <= last:
        at = _WIDTH * (marked - first) / wide
        parts.append(f'<path class="marked" d="M{at:.1f} {_TOP:g}V{_HEIGHT - _FOOT:g}"/>')
    return drawing(parts, title=title, told=_told(edges, counts), width=_WIDTH, height=_HEIGHT)


def _told(edges: Sequence[float], counts: Sequence[float]) -> str:
    fullest = max(range(len(counts)), key=lambda number: counts[number])
    return (
        f"{said(sum(counts), 0)} values from {said(edges[0])} to {said(edges[-1])}, most of them, "
        f"{said(counts[fullest], 0)}, between {said(edges[fullest])} and {said(edges[fullest + 1])}"
    )
