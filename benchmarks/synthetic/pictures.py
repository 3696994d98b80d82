"""Pictures of no worth: a pool of a few hundred that differ, for thousands to share."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Picture = npt.NDArray[np.uint8]


def drawn(number: int, side: int = 64) -> Picture:
    """A picture: a sky that fades, with some ellipses before it; the same for the same number."""
    random = np.random.default_rng(number)
    upper, lower = random.integers(0, 256, (2, 3))
    fade = np.linspace(0, 1, side)[:, None, None]
    canvas = Image.fromarray((upper * (1 - fade) + lower * fade + np.zeros((side, side, 3))).astype(np.uint8))
    pen = ImageDraw.Draw(canvas)
    for _ in range(4):
        left, top = random.integers(-side // 4, side, 2).tolist()
        width, height = random.integers(side // 8, side // 2, 2).tolist()
        pen.ellipse((left, top, left + width, top + height), fill=tuple(random.integers(0, 256, 3).tolist()))
    return np.asarray(canvas)


@cache
def pool(count: int, side: int, ending: str = "png") -> Sequence[bytes]:
    """As many pictures as files in a format: ``png`` or ``webp``."""
    files = []
    for number in range(count):
        written = io.BytesIO()
        quality = {"quality": 85} if ending == "webp" else {}
        Image.fromarray(drawn(number, side)).save(written, ending, **quality)
        files.append(written.getvalue())
    return files


@cache
def maps(count: int, side: int) -> Sequence[bytes]:
    """As many maps of one place that answers, as the analyses write them: bytes, row by row."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:side, :side]
    made = []
    for _ in range(count):
        row, column = random.uniform(0, side, 2)
        far = (rows - row) ** 2 + (columns - column) ** 2
        made.append((255 * np.exp(-far / (0.08 * side**2)) * random.uniform(0.3, 1)).astype(np.uint8).tobytes())
    return made


def mosaic(rows: int, columns: int, side: int, gap: int) -> Picture:
    """A sheet of pictures with a gap between them, as records hold it."""
    sheet = np.full((rows * (side + gap) - gap, columns * (side + gap) - gap, 3), 255, np.uint8)
    for place in range(rows * columns):
        top, left = (step * (side + gap) for step in divmod(place, columns))
        sheet[top : top + side, left : left + side] = drawn(place, side)
    return sheet
