"""Pictures in PNG of bounded size, and in nothing else: some of the formats that Pillow knows start other programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from rivalry.records import Picture

MOST_PIXELS = 64 * 2**20
"""Pixels of a picture."""


def read_png(file: Path) -> Picture:
    """Read a picture in red, green and blue, unless it is too large or no PNG.

    Raises:
        ValueError: Naming the file.
    """
    try:
        with Image.open(file, formats=["PNG"]) as opened:
            if (pixels := opened.width * opened.height) > MOST_PIXELS:
                raise ValueError(f"{file} has {pixels:,} pixels; at most {MOST_PIXELS:,} are read")
            return np.asarray(opened.convert("RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{file} is no PNG that can be read: {error}") from error
