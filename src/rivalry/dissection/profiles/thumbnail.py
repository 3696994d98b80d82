"""Pictures as small WebP files, for the tables of records."""

from __future__ import annotations

import io

from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

QUALITY = 85
"""Of WebP, of 100."""


def thumbnail(image: UInt8[Tensor, "3 height width"], largest: int) -> bytes:
    """A picture as a WebP file, made smaller where a side is longer than ``largest``.

    One that is not made smaller is kept without loss where that takes no more bytes: drawings do.

    Args:
        image: Red, green and blue.
        largest: Pixels of the longer side.

    >>> import torch
    >>> thumbnail(torch.zeros(3, 4, 8, dtype=torch.uint8), 4)[8:12]
    b'WEBP'
    """
    picture = Image.fromarray(image.permute(1, 2, 0).cpu().numpy())
    if max(picture.size) > largest:
        picture.thumbnail((largest, largest), Image.Resampling.LANCZOS)
        return _webp(picture, lossless=False)
    return min(_webp(picture, lossless=True), _webp(picture, lossless=False), key=len)


def _webp(picture: Image.Image, *, lossless: bool) -> bytes:
    file = io.BytesIO()
    if lossless:  # here quality is effort: half of it takes a sixth of the time and 2 % more bytes
        picture.save(file, "WEBP", lossless=True, quality=50, method=2)
    else:
        picture.save(file, "WEBP", quality=QUALITY)
    return file.getvalue()
