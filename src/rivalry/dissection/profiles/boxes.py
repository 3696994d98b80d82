"""The part of a picture that a unit answers to: a square around the positions that reach half of the picture's maximum.

Bau et al., "Network Dissection" (CVPR 2017), show a unit by the part of a picture above a threshold of its map; here
the threshold is the picture's own, so that every sample has a part to show.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rivalry.dissection.profiles.overlays import Overlays
from rivalry.dissection.profiles.samples import Real, Whole

LEAST = 0.25
"""Of the shorter side of the picture: no square is smaller."""

_HALF = 0.5


def boxes(overlays: Overlays, width: Whole, height: Whole) -> Real:
    """Find the square to show of each sample; the whole picture where the map is silent or has a single position.

    It is square in pixels, and lies within the picture: where a part is longer than the picture's shorter side, the
    other side of the box is all of that.

    Args:
        overlays: Of a layer.
        width: Of the picture of each sample, in pixels.
        height: Of the picture of each sample, in pixels.

    Returns:
        Left, top, right and bottom of each, as fractions of the picture, (samples, 4).
    """
    rows, columns = overlays.shape
    levels = overlays.levels.reshape(-1, rows, columns)
    found = np.tile(np.array([0.0, 0.0, 1.0, 1.0]), (len(levels), 1))
    if not len(levels) or rows * columns == 1:
        return found
    highest = levels.max((1, 2))
    strong = levels >= highest[:, None, None] * _HALF
    left, right = _ends(strong.any(1))
    top, bottom = _ends(strong.any(2))
    side = np.maximum.reduce([(right - left) * width, (bottom - top) * height, LEAST * np.minimum(width, height)])
    left, right = _widened(left, right, side / width)
    top, bottom = _widened(top, bottom, side / height)
    return np.where(highest[:, None] > 0, np.stack([left, top, right, bottom], 1), found)


def _ends(strong: npt.NDArray[np.bool_]) -> tuple[Real, Real]:
    """Where the marked positions begin and end, as fractions of all."""
    count = strong.shape[1]
    return strong.argmax(1) / count, 1 - strong[:, ::-1].argmax(1) / count


def _widened(first: Real, last: Real, length: Real) -> tuple[Real, Real]:
    """An interval of that length about the same middle, pushed into 0 to 1."""
    length = np.minimum(length, 1.0)
    start = np.clip((first + last - length) / 2, 0.0, 1.0 - length)
    return start, np.minimum(start + length, 1.0)
