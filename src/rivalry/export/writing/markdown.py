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


def code(text: str) -> str:
    r"""A name as code; one that code cannot hold as a word.

    >>> print(code("layer4.0.act2"), code("a`b"))
    `layer4.0.act2` a\`b
    """
    return f"`{text}`" if re.fullmatch(r"[\w .,:/=@+*-]+", text, re.ASCII) else word(text)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already, without columns that have none; empty where it has no rows.

    >>> print(table(["layer", "units", "confirmed"], [["act1", "64", ""]]))
    | layer | units |
    |---|---|
    | act1 | 64 |
    """
    columns = [column for column in zip(heads, *rows, strict=True) if any(column[1:])]
    lines = [_line(row) for row in zip(*columns, strict=True)]
    return "\n".join([lines[0], "|" + "---|" * len(columns), *lines[1:]]) if lines else ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
