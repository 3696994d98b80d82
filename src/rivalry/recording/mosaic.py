"""Pictures in rows and columns, as records show them. Plain stacking of arrays, no text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rivalry.records import Picture


def lay_out(
    rows: Sequence[Sequence[Picture]], size: tuple[int, int], *, columns: int, gap: int = 2, paper: int = 255
) -> Picture:
    """Stack pictures of one size.

    Args:
        rows: Pictures uint8 (height, width, 3); at least one row, and none longer than there are columns.
        size: Their height and width.
        columns: Places of a row; those without a picture are paper.
        gap: Pixels between.
        paper: Brightness of what is between.

    Returns:
        uint8 (rows · (height + gap) − gap, columns · (width + gap) − gap, 3).

    >>> lay_out([[np.zeros((4, 6, 3), dtype=np.uint8)]], (4, 6), columns=2, gap=1).shape
    (4, 13, 3)
    """
    down, across = size[0] + gap, size[1] + gap
    sheet = np.full((len(rows) * down - gap, columns * across - gap, 3), paper, dtype=np.uint8)
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            sheet[row * down :, column * across :][: size[0], : size[1]] = picture
    return sheet
