"""What a user may have meant: the known names that are nearest to a given one, for messages of errors."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(given: str, known: Iterable[str], count: int = 3) -> str:
    """The known names most like a given one, the best first, in one line; the first known ones where none is like it.

    Args:
        given: What was asked for.
        known: What there is.
        count: How many names at most.

    Returns:
        The names with commas between them; ``none`` where nothing is known.

    >>> nearest("adamv", ["sgd", "adamw", "adam"], count=2)
    'adam, adamw'
    >>> nearest("x", [])
    'none'
    """
    names = list(known)
    return ", ".join(difflib.get_close_matches(given, names, n=count, cutoff=0.4) or names[:count]) or "none"
