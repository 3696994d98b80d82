"""Markdown out of plain data: words from outside, such as names of classes, stay words and become no markup."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence


def word(text: str) -> str:
    r"""A text that reads in Markdown and HTML as it is, on one line.

    >>> word("a|b <script> *x*")
    'a\\|b &lt;script&gt; \\*x\\*'
    """
    escaped = re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", " ".join(text.split()))
    return html.escape(escaped, quote=False)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; empty where it has no rows.

    >>> print(table(["layer", "units"], [["act1", "64"]]))
    | layer | units |
    |---|---|
    | act1 | 64 |
    """
    lines = [_line(row) for row in rows]
    return "\n".join([_line(heads), "|" + "---|" * len(heads), *lines]) if lines else ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
