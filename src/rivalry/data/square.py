"""The square that is cut out of a picture to evaluate a network on it.

As timm and torchvision do it: the shorter side becomes ⌊side / crop⌋, and a square of ``side`` is cut from the middle.
A network's accuracy is known for one ``crop`` and one interpolation (timm calls them ``crop_pct`` and
``interpolation``; they stand in a network's ``pretrained_cfg``), so another one measures something else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from PIL import Image

Interpolation = Literal["bicubic", "bilinear", "lanczos", "nearest"]


@dataclass(frozen=True)
class Square:
    """The middle square of a picture.

    Attributes:
        side: Its side in pixels.
        crop: Share of the shorter side that is kept, in (0, 1]: 0.875 for the classic ResNets, 0.9 for DeiT.
        interpolation: How pixels are resized.

    Raises:
        ValueError: If ``side`` is below 1, or ``crop`` is not in (0, 1].

    >>> Square(224, crop=0.875).cut(Image.new("RGB", (500, 375))).size
    (224, 224)
    """

    side: int
    crop: float = 1.0
    interpolation: Interpolation = "bicubic"

    def __post_init__(self) -> None:
        if self.side < 1 or not 0 < self.crop <= 1:
            raise ValueError(f"a square has a side of at least 1 and a crop in (0, 1]; given {self}")

    @classmethod
    def of(cls, size: int | Square | None) -> Square | None:
        """What a data set's ``size`` means: a number is the side of a square that keeps the whole shorter side."""
        return cls(size) if isinstance(size, int) else size

    def cut(self, image: Image.Image) -> Image.Image:
        """Resize a picture and cut out its middle."""
        width, height = image.size
        short = math.floor(self.side / self.crop)
        if min(width, height) != short:
            long = int(short * max(width, height) / min(width, height))
            width, height = (short, long) if width <= height else (long, short)
            image = image.resize((width, height), Image.Resampling[self.interpolation.upper()])
        if (width, height) == (self.side, self.side):
            return image
        left, top = round((width - self.side) / 2), round((height - self.side) / 2)
        return image.crop((left, top, left + self.side, top + self.side))
