"""Where the pictures of a class lie in the graph of its strategies, and which of them stand for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

LETTERS = "ABCDEFGH"
"""What strategies are called, the commonest first."""

Places: TypeAlias = npt.NDArray[np.float64]
"""(pictures, 2): across and down."""

_MOST = 26
_APART = 1.22  # of two thumbnails' middles, in sides


def laid_out(rows: Sequence[Mapping[str, Any]], side: float, margin: float) -> Places:
    """Places in a square: they fill it but for a margin, each axis by itself, for neither has a unit.

    >>> laid_out([{"x": -1, "y": 5}, {"x": 3, "y": 7}], side=10, margin=1).tolist()
    [[1.0, 9.0], [9.0, 1.0]]
    """
    places = np.array([(row["x"], -row["y"]) for row in rows], dtype=np.float64)
    least, most = places.min(0), places.max(0)
    shares = np.where(most > least, (places - least) / np.maximum(most - least, 1e-9), 0.5)
    return np.asarray(shares * (side - 2 * margin) + margin)


def middles(rows: Sequence[Mapping[str, Any]], places: Places) -> dict[int, npt.NDArray[np.float64]]:
    """The middle picture of every strategy that has a letter."""
    numbers = np.array([-1 if row["strategy"] is None else row["strategy"] for row in rows])
    found = {}
    for number in sorted({*numbers.tolist()} & {*range(len(LETTERS))}):
        own = places[numbers == number]
        found[number] = own[np.abs(own - np.median(own, axis=0)).sum(1).argmin()]
    return found


def spread(places: Places, taken: Sequence[npt.NDArray[np.float64]], side: float) -> list[int]:
    """Pictures far from each other and from what is taken: each the farthest, as long as none overlaps.

    Args:
        places: Of all pictures.
        taken: Places that are to stay free.
        side: Of a picture that is drawn there.
    """
    chosen: list[int] = []
    while len(chosen) < min(_MOST, len(places)):
        there = np.array([*taken, *places[chosen]]).reshape(-1, 2)
        away = np.abs(places[:, None] - there[None]).max(2).min(1, initial=np.inf)  # squares overlap by the larger
        farthest = int(away.argmax())
        if away[farthest] < _APART * side:
            break
        chosen.append(farthest)
    return chosen
