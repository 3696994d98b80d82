"""The parts of an explanation's page: tables with bars, and rows of pictures. All that came from outside is escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any


def number(value: float, *, signed: bool = True) -> str:
    """A number to three digits, with its sign.

    >>> number(-0.01234), number(12.345), number(1.0, signed=False), number(-0.00001)
    ('−0.012', '+12.3', '1.00', '−1.0e−05')
    """
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    kind = ".1e" if 0 < size < 0.001 else f".{digits}f"
    return format(value, f"{'+' if signed else ''}{kind}").replace("-", "−")


def figure(png: bytes, caption: str, *, large: bool = False) -> str:
    """A picture and what it shows.

    Args:
        png: The picture as a PNG file.
        caption: Plain text.
        large: Whether it is one of the pictures at the top.
    """
    data = base64.b64encode(png).decode("ascii")
    kind = ' class="large"' if large else ""
    said = escape(caption)
    return (
        f'<figure{kind}><img src="data:image/png;base64,{data}" alt="{said}"><figcaption>{said}</figcaption></figure>'
    )


def row_of(parts: Iterable[str]) -> str:
    """Parts beside each other; nothing where there are none."""
    joined = "".join(parts)
    return f'<div class="row">{joined}</div>' if joined else ""


def bar_table(
    columns: Sequence[str], rows: Sequence[tuple[Sequence[str], float]], words: int = 2, whole: float = 0.0
) -> str:
    """A table whose rows end in a bar, to the left of zero where it is negative. A column without a word is left out.

    Args:
        columns: Headings, but for that of the bars.
        rows: Cells as plain text, and the length of the bar.
        words: How many of the first columns hold words, the longest last; the others hold numbers.
        whole: Length that fills the room, at least; else the longest does.
    """
    told = [place for place in range(len(columns)) if any(cells[place] for cells, _ in rows)]
    kinds = {place: "number" if place >= words else "text" if place == words - 1 else "key" for place in told}
    heads = "".join(f'<th class="{kinds[place]}">{escape(columns[place])}</th>' for place in told)
    lengths = [0.0, whole, *(length for _, length in rows)]
    body = "".join(
        "<tr>"
        + "".join(f'<td class="{kinds[place]}">{escape(cells[place])}</td>' for place in told)
        + f'<td class="bars">{_bar(length, min(lengths), max(lengths))}</td></tr>'
        for cells, length in rows
    )
    return f'<div class="scroll"><table><thead><tr>{heads}<th></th></tr></thead><tbody>{body}</tbody></table></div>'


def answers(explanation: Mapping[str, Any]) -> str:
    """The likeliest classes."""
    rows = [
        ((one["name"], number(one["logit"], signed=False), percent(one["probability"])), one["probability"])
        for one in explanation["answers"]
    ]
    return bar_table(["class", "logit", "probability"], rows, words=1, whole=1.0)


def units(layer: Mapping[str, Any]) -> str:
    """The units of a layer."""
    rows = [
        (
            (
                str(one["unit"]),
                unit_label(one),
                number(one["strength"]),
                percent(one["win_share"]),
                number(one["contribution"]),
            ),
            one["contribution"],
        )
        for one in layer["units"]
    ]
    return bar_table(["unit", "label", "strength", "won", "contribution"], rows)


def concepts(found: Mapping[str, Any]) -> str:
    """The concepts of the class in a layer."""
    rows = [
        (
            (str(one["concept"]), one["name"] or "", number(one["code"], signed=False), number(one["importance"])),
            one["importance"],
        )
        for one in found["concepts"]
    ]
    return bar_table(["concept", "name", "amount", "importance"], rows)


def numbered(number: int, name: str) -> str:
    """A number and what stands behind it.

    >>> numbered(73, "fish ✓"), numbered(9, "")
    ('73 · fish ✓', '9')
    """
    return f"{number} · {name}" if name else str(number)


def unit_label(unit: Mapping[str, Any]) -> str:
    """What a unit is called, with the judgement of masks where there is one.

    >>> unit_label({"label": "wheel", "confirmed": False}), unit_label({"label": "", "confirmed": None})
    ('wheel ✗', '(was dead)')
    """
    if unit["label"] is None:
        return ""
    judged = {None: "", True: " ✓", False: " ✗"}[unit["confirmed"]]
    return f"{unit['label']}{judged}" if unit["label"] else "(was dead)"


def prototypes_said(compared: int, known: int) -> str:
    """Among how many prototypes the nearest were sought.

    >>> prototypes_said(16, 16), prototypes_said(32, 1000)
    ('nearest of 16 prototypes', 'nearest of 32 out of 1000 prototypes')
    """
    return f"nearest of {compared}{f' out of {known}' if compared < known else ''} prototypes"


def percent(share: float) -> str:
    """A share in percent, with a digit after the point where it is near none or all.

    >>> percent(0.874), percent(0.0321), percent(0.996), percent(1.0)
    ('87 %', '3.2 %', '99.6 %', '100 %')
    """
    near = share < 0.0995 or 0.99 <= share < 1
    return f"{100 * share:.{int(near)}f} %"


def _bar(length: float, least: float, most: float) -> str:
    """A bar from zero, in percent of the room between the least and the most."""
    room = most - least or 1.0
    start = (min(length, 0.0) - least) / room
    kind = "for" if length >= 0 else "against"
    spans = f'<span style="width:{100 * start:.2f}%"></span>'
    return f'<div>{spans}<span class="{kind}" style="width:{100 * abs(length) / room:.2f}%"></span></div>'
