"""Pictures as PNG files in the tables of records, and back again."""

from __future__ import annotations

import io

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor


def png(image: UInt8[Tensor, "channels height width"], largest: int | None = None) -> bytes:
    """A picture as a PNG file, made smaller where a side is longer than ``largest``.

    Args:
        image: Of one channel (grey) or three.
        largest: Pixels; as large as it is by default.

    >>> png(torch.zeros(3, 4, 8, dtype=torch.uint8), 4)[1:4]
    b'PNG'
    """
    pixels = image.permute(1, 2, 0).cpu().numpy()
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    if largest is not None:
        picture.thumbnail((largest, largest))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def from_png(file: bytes) -> UInt8[Tensor, "3 height width"]:
    """What a PNG file shows, in colours.

    >>> from_png(png(torch.full((1, 2, 3), 7, dtype=torch.uint8)))[:, 0, 0]
    tensor([7, 7, 7], dtype=torch.uint8)
    """
    with Image.open(io.BytesIO(file)) as picture:
        return torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1).contiguous()
