"""Values out of a JSON file, each of the type that it must have, or one error that names its place in the file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, get_args


def mapping(value: Any, place: str) -> dict[str, Any]:
    """An object of JSON.

    Raises:
        ValueError: If it is something else.
    """
    if not isinstance(value, dict):
        raise _unlike(value, "an object", place)
    return value


def entry(value: Mapping[str, Any], key: str, place: str) -> Any:
    """What an object holds under a key.

    Raises:
        ValueError: If it has no such key.

    >>> entry({"units": 4}, "units", "layers.act1")
    4
    """
    if key not in value:
        raise ValueError(f"{place} lacks {key!r}; it has {', '.join(map(repr, list(value)[:8])) or 'nothing'}")
    return value[key]


def items(value: Any, place: str) -> list[Any]:
    """A list.

    Raises:
        ValueError: If it is something else.
    """
    if not isinstance(value, list):
        raise _unlike(value, "a list", place)
    return value


def text(value: Any, place: str) -> str:
    """A string.

    Raises:
        ValueError: If it is something else.
    """
    if not isinstance(value, str):
        raise _unlike(value, "a text", place)
    return value


def whole(value: Any, place: str, *, least: int = 0) -> int:
    """A whole number of at least ``least``.

    Raises:
        ValueError: If it is something else.

    >>> whole(3, "units", least=1)
    3
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise _unlike(value, f"a whole number of {least} or more", place)
    return value


def number(value: Any, place: str, *, above: float = -math.inf) -> float:
    """A finite number above ``above``.

    Raises:
        ValueError: If it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not value > above:
        raise _unlike(value, "a finite number" + (f" above {above:g}" if math.isfinite(above) else ""), place)
    return float(value)


def truth(value: Any, place: str) -> bool:
    """True or false.

    Raises:
        ValueError: If it is something else.
    """
    if not isinstance(value, bool):
        raise _unlike(value, "true or false", place)
    return value


def among(value: Any, words: Any, place: str) -> Any:
    """One of the words of a ``Literal``.

    Raises:
        ValueError: If it is none of them.

    >>> from typing import Literal
    >>> among("argmax", Literal["argmax", "mean"], "mode")
    'argmax'
    """
    if value not in get_args(words):
        raise _unlike(value, f"one of {', '.join(get_args(words))}", place)
    return value


def _unlike(value: Any, wanted: str, place: str) -> ValueError:
    shown = repr(value)
    return ValueError(f"{place} is {wanted}; given {shown if len(shown) <= 60 else shown[:57] + '…'}")
