"""Tables for the terminal: a title, columns of words to the left, columns of numbers to the right."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table


def titled(title: str, words: Sequence[str], numbers: Sequence[str]) -> Table:
    """An empty table.

    Args:
        title: Above it.
        words: Heads of its first columns.
        numbers: Heads of the others.

    >>> [column.justify for column in titled("Units", ["layer"], ["wins"]).columns]
    ['left', 'right']
    """
    table = Table(title=title, title_justify="left")
    for column in words:
        table.add_column(column)
    for column in numbers:
        table.add_column(column, justify="right")
    return table
