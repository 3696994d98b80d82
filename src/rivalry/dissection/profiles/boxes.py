"""The part of a picture that a unit answers to: a square around the positions that reach half of the picture's maximum.

Of these positions count those that hang together with the highest, by sides or corners: far ones would make every part
the whole picture. Bau et al., "Network Dissection" (CVPR 2017), show a unit by what lies above a threshold of its own;
here the threshold is the picture's, so that every sample has a part to show.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rivalry.dissection.profiles.samples import Real, Whole

LEAST = 0.25
"""Of the shorter side of the picture: no square is smaller."""


def extents(maps: npt.NDArray[np.float32], shape: tuple[int, int]) -> Real:
    """Find the positions that hang together with a map's highest and reach half of it.

    Args:
        maps: Positions row by row, none below 0, (samples, positions).
        shape: Rows and columns of a map.

    Returns:
        Left, top, right and bottom of each as fractions of the map, (samples, 4); the whole of it where it is silent.

    >>> extents(np.array([[0, 0, 9, 5]], dtype=np.float32), (1, 4)).tolist()
    [[0.5, 0.0, 1.0, 1.0]]
    """
    if not len(maps):
        return np.zeros((0, 4))
    highest = maps.max(1)
    strong = (maps * 2 >= highest[:, None]).reshape(-1, *shape)
    reached = np.zeros(maps.shape, dtype=np.bool_)
    reached[np.arange(len(maps)), maps.argmax(1)] = True
    part = _filled(reached.reshape(strong.shape), strong)
    (left, right), (top, bottom) = _ends(part, over=1), _ends(part, over=2)
    return np.where(highest[:, None] > 0, np.stack([left, top, right, bottom], 1), [0.0, 0.0, 1.0, 1.0])


def squares(parts: Real, width: Whole, height: Whole) -> Real:
    """Widen parts of pictures to squares about the same middle, within the pictures.

    They are square in pixels; where a part is longer than the picture's shorter side, the box has all of that side.

    Args:
        parts: Left, top, right and bottom, as fractions of the picture, (samples, 4).
        width: Of each picture, in pixels.
        height: Of each picture, in pixels.
    """
    left, top, right, bottom = parts.T
    side = np.maximum.reduce([(right - left) * width, (bottom - top) * height, LEAST * np.minimum(width, height)])
    left, right = _widened(left, right, side / width)
    top, bottom = _widened(top, bottom, side / height)
    return np.stack([left, top, right, bottom], 1)


def _filled(reached: npt.NDArray[np.bool_], strong: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Go on from what is reached to strong neighbours, until there are no more."""
    while True:
        padded = np.pad(reached, ((0, 0), (1, 1), (1, 1)))
        wide = padded[:, :, :-2] | padded[:, :, 1:-1] | padded[:, :, 2:]
        grown = (wide[:, :-2] | wide[:, 1:-1] | wide[:, 2:]) & strong
        if np.array_equal(grown, reached):
            return reached
        reached = grown


def _ends(part: npt.NDArray[np.bool_], over: int) -> tuple[Real, Real]:
    """Where marked positions begin and end along the other axis, as fractions of all."""
    marked: npt.NDArray[np.bool_] = np.logical_or.reduce(part, over)
    count = marked.shape[1]
    return marked.argmax(1) / count, 1 - marked[:, ::-1].argmax(1) / count


def _widened(first: Real, last: Real, length: Real) -> tuple[Real, Real]:
    """An interval of that length about the same middle, pushed into 0 to 1."""
    length = np.minimum(length, 1.0)
    start = np.clip((first + last - length) / 2, 0.0, 1.0 - length)
    return start, np.minimum(start + length, 1.0)
