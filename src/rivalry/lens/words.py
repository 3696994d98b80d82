"""Words from outside as people are shown them: labels, layers and classes of a stranger's folder give no commands."""

from __future__ import annotations

from rich.markup import escape


def printable(word: str) -> str:
    r"""A word in which what cannot be printed is shown as ``�``.

    >>> printable("sea\x1b[31m")
    'sea�[31m'
    """
    return "".join(letter if letter.isprintable() else "�" for letter in word)


def in_terminal(word: str) -> str:
    r"""A word for rich to print: its brackets are no markup, and nothing in it is a command to the terminal.

    A terminal obeys what begins with an escape character: colours, but also titles, and some the clipboard.

    >>> in_terminal("[red]sea\x07")
    '\\[red]sea�'
    """
    return escape(printable(word))
