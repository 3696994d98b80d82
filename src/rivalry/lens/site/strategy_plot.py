"""The graph of a class' strategies as a drawing to move about in: a dot a picture, which shows itself when it is met.

Pictures of like importance vectors lie side by side; there are no edges and no axes. A dot has the colour of the
concept that decides its picture, where that decides ten or more; a cross is a picture of another class, a ring a
watermark. Some pictures are shown where they lie. After the pages of Lens (Fel et al. 2023).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup

from rivalry.lens.class_view import COLOURED, ClassView, Row
from rivalry.lens.site.charts import swatch
from rivalry.lens.site.charts.marks import HUES
from rivalry.lens.strategy_layout import LETTERS, Places, laid_out, middles, spread

_SIDE, _MARGIN, _THUMBNAIL = 600.0, 30.0, 44.0
_CROSS = '<path class="cross" d="M-4-4L4 4M4-4L-4 4"/>'


def coloured(view: ClassView) -> dict[int, int]:
    """The concepts that decide many pictures, the most frequent first, and the number of each one's colour."""
    images = view.summary.get("images") or len(view.pictures)
    often = {row["concept"]: row["prevalence"] or 0.0 for row in view.concepts}
    many = [concept for concept, share in often.items() if round(share * images) >= COLOURED]
    return {concept: number for number, concept in enumerate(sorted(many, key=lambda one: -often[one])[:HUES])}


def strategy_plot(view: ClassView, colours: Mapping[int, int], pictures: Mapping[int, str]) -> Markup:
    """Draw the graph.

    Args:
        view: The class.
        colours: Numbers of colours of the concepts that have one.
        pictures: Where the picture of an index is to be found, as an address or a data URI; others have no thumbnail.

    Returns:
        SVG; a sentence where the pictures have no places.
    """
    rows = [row for row in view.pictures if _placed(row)]
    if not rows:
        return Markup('<p class="missing">Too few pictures, or all alike: nothing to lay out.</p>')
    places, names = laid_out(rows, _SIDE, _MARGIN), {row["concept"]: called(row) for row in view.concepts}
    letters = middles(rows, places)
    shown = [at for at in spread(places, list(letters.values()), _THUMBNAIL) if rows[at]["index"] in pictures]
    parts = [Markup('<rect class="ground" width="{0:g}" height="{0:g}" rx="9"/>').format(_SIDE)]
    for at in sorted(range(len(rows)), key=lambda at: (at in shown, at)):
        parts.append(_drawn(rows[at], places, at, names, colours, pictures, large=at in shown))
    parts += [_letter(LETTERS[number], place) for number, place in letters.items()]
    said = "Pictures that were taken for {}, laid out by what counted: {} pictures, {} strategies"
    head = Markup('<svg class="strategies" viewBox="0 0 {0:g} {0:g}" role="group" aria-label="{1}">')
    named = head.format(_SIDE, said.format(view.name, len(rows), len(letters)))
    return named + Markup("").join(parts) + Markup("</svg>")


def strategy_key(view: ClassView, colours: Mapping[int, int]) -> Markup:
    """What colours, cross, ring and letters mean."""
    names = {row["concept"]: called(row) for row in view.concepts}
    dot = Markup('<span class="dotmark {}"></span>')
    keys = [(dot.format(swatch(hue)), names[one]) for one, hue in colours.items()]
    rows = [row for row in view.pictures if _placed(row)]
    if any(row["dominant"] not in colours for row in rows):
        keys.append((dot.format(""), "another concept"))
    if any(row["correct"] is False for row in rows):
        keys.append((Markup('<b aria-hidden="true">×</b>'), "a picture of another class"))
    if any(row["marked"] is True for row in rows):
        keys.append((Markup('<span class="ringmark"></span>'), "bears the mark"))
    if any(row["strategy"] is not None for row in rows):
        keys.append((Markup('<b aria-hidden="true">A</b>'), "middle of a strategy"))
    return Markup('<ul class="keys signs">{}</ul>').format(
        Markup("").join(Markup("<li>{} {}</li>").format(sign, words) for sign, words in keys)
    )


def called(concept: Row) -> str:
    """A concept's number and, where it has one, its name.

    >>> called({"concept": 3, "name": "wheel"}), called({"concept": 4, "name": None})
    ('3 · wheel', 'concept 4')
    """
    return f"{concept['concept']} · {concept['name']}" if concept.get("name") else f"concept {concept['concept']}"


def lettered(strategy: int | None) -> str:
    """What a strategy is called.

    >>> lettered(1), lettered(9), lettered(None)
    ('B', '10', '–')
    """
    if strategy is None or strategy < 0:
        return "–"
    return LETTERS[strategy] if strategy < len(LETTERS) else str(strategy + 1)


def told(row: Row, names: Mapping[int, str]) -> str:
    """A picture in words: what it is of, what decided, and by which strategy."""
    said = [f"picture {row['index']}"]
    if row.get("label"):
        said.append(f"of {row['label']}")
    elif row["correct"] is not None:
        said.append("of the class" if row["correct"] else "of another class")
    if row["dominant"] in names:
        said.append(f"decided by {names[row['dominant']]}")
    if row["strategy"] is not None:
        said.append(f"strategy {lettered(row['strategy'])}")
    return ", ".join([*said, "bears the mark"] if row["marked"] else said)


def _placed(row: Row) -> bool:
    return all(row[axis] is not None and math.isfinite(row[axis]) for axis in ("x", "y"))


def _drawn(
    row: Row, places: Places, at: int, names: Mapping[int, str], colours: Mapping[int, int],
    pictures: Mapping[int, str], *, large: bool,
) -> Markup:  # fmt: skip
    """A picture where it lies: a sign, or itself."""
    hue = colours.get(row["dominant"])
    across, down = places[at]
    inside = _framed(row, pictures[row["index"]]) if large else _sign(row)
    focus = Markup(' tabindex="0"') if large else ""
    source = pictures.get(row["index"], "")
    source = "" if large and source.startswith("data:") else source  # it is there already, and is long
    return Markup(
        '<g class="one{}" transform="translate({:.1f} {:.1f})" role="img" aria-label="{}" data-hover="{}" '
        'data-hover-text="{}"{}>{}</g>'
    ).format(
        "" if hue is None else f" {swatch(hue)}", across, down, told(row, names), source,
        told(row, names), focus, inside,
    )  # fmt: skip


def _sign(row: Row) -> Markup:
    ring = '<circle class="mark" r="8.5"/>' if row["marked"] else ""
    sign = (
        '<path class="cross" d="M-4-4L4 4M4-4L-4 4"/>' if row["correct"] is False else '<circle class="dot" r="4.6"/>'
    )
    return Markup(f'<circle class="room" r="9"/>{ring}{sign}')


def _framed(row: Row, source: str) -> Markup:
    side, half = _THUMBNAIL, _THUMBNAIL / 2
    picture = Markup('<image href="{0}" x="{1:g}" y="{1:g}" width="{2:g}" height="{2:g}"/>').format(source, -half, side)
    parts = [f'<rect class="frame" x="{-half:g}" y="{-half:g}" width="{side:g}" height="{side:g}"/>']
    if row["marked"]:
        parts.append(
            f'<rect class="mark" x="{-half - 4:g}" y="{-half - 4:g}" width="{side + 8:g}" height="{side + 8:g}"/>'
        )
    if row["correct"] is False:
        parts.append(f'<g transform="translate({half:g} {-half:g})"><circle class="under" r="8"/>')
        parts.append(f"{_CROSS}</g>")
    return picture + Markup("".join(parts))


def _letter(letter: str, place: Sequence[float] | np.ndarray) -> Markup:
    return Markup('<text class="letter" x="{:.1f}" y="{:.1f}">{}</text>').format(place[0], place[1] + 9, letter)
