"""Network dissection as one would write it down: picture by picture, unit by unit, concept by concept, pixel by pixel.

And pictures to dissect, drawn by a seed.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

CATEGORIES = (0, 0, 1, 1, 1, 3)
"""Category of every concept; nothing is ever labelled in category 2."""


class Drawn(NamedTuple):
    maps: Tensor
    masks: Tensor
    first: Tensor


def drawn(
    *, pictures: int = 9, places: tuple[int, int] = (3, 4), mask: tuple[int, int] = (6, 8), seed: int = 0
) -> Drawn:
    """Five units: ReLU's, dense, silent, of whole numbers, and constant; concept 5 is in the first half alone."""
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randn(pictures, 5, *places, generator=generator)
    maps[:, 0] = maps[:, 0].relu()
    maps[:, 2] = 0.0
    maps[:, 3] = torch.randint(-2, 4, (pictures, *places), generator=generator).float()
    maps[:, 4] = 0.1
    masks = torch.zeros(pictures, 4, *mask, dtype=torch.int16)
    masks[:, 0] = torch.randint(0, 3, (pictures, *mask), generator=generator)
    masks[:, 1] = torch.randint(2, 6, (pictures, *mask), generator=generator)
    masks[:, 1][masks[:, 1] == 2] = 0
    masks[::3, 0] = 0
    first = torch.arange(pictures) % 2 == 0
    masks[first, 3, 0] = 6
    return Drawn(maps, masks, first)


def upsampled(unit: Tensor, size: tuple[int, int]) -> Tensor:
    """One map in another size, each operation rounded to float32."""
    rows, columns = unit.shape
    values = unit.numpy()
    found = np.zeros(size, dtype=np.float32)
    for y in range(size[0]):
        for x in range(size[1]):
            above, down = _between(y, rows, size[0])
            left, along = _between(x, columns, size[1])
            below, right = min(above + 1, rows - 1), min(left + 1, columns - 1)
            top = values[above, left] + along * (values[above, right] - values[above, left])
            bottom = values[below, left] + along * (values[below, right] - values[below, left])
            found[y, x] = top + down * (bottom - top)
    return torch.from_numpy(found)


def bilinear(unit: Tensor, size: tuple[int, int]) -> Tensor:
    """One map in another size, by PyTorch."""
    return functional.interpolate(unit[None, None], size, mode="bilinear", align_corners=False)[0, 0]


def nearest(unit: Tensor, size: tuple[int, int]) -> Tensor:
    """One map of wins in another size, by PyTorch."""
    return functional.interpolate(unit[None, None].float(), size, mode="nearest")[0, 0]


def plain_iou(
    data: Drawn,
    threshold: Callable[[int, int], float],
    half: bool | None,
    categories: Sequence[int] = CATEGORIES,
    resize: Callable[[Tensor, tuple[int, int]], Tensor] = upsampled,
) -> Tensor:
    """IoU of every unit with every concept, on the half of the pictures where ``first`` is ``half``, or on all."""
    units, size = data.maps.shape[1], (data.masks.shape[2], data.masks.shape[3])
    found = torch.full((units, len(categories)), torch.nan, dtype=torch.float64)
    for unit in range(units):
        for concept, category in enumerate(categories):
            both = marked = pixels = 0
            for maps, masks, first in zip(data.maps, data.masks, data.first.tolist(), strict=True):
                if half is not None and first != half:
                    continue
                active = resize(maps[unit], size) > threshold(unit, concept)
                shown = masks[category] == concept + 1
                pixels += int(shown.sum())
                both += int((active & shown).sum())
                if bool((masks[category] != 0).any()):
                    marked += int(active.sum())
            if pixels:
                found[unit, concept] = both / (marked + pixels - both)
    return found


def quantile(values: Tensor, share: float) -> float:
    """The lowest of some values that at most a share of them exceeds."""
    return float(np.quantile(values.flatten().numpy(), 1 - share, method="inverted_cdf"))


def _between(pixel: int, places: int, pixels: int) -> tuple[int, np.float32]:
    middle = min(max((pixel + 0.5) * (places / pixels) - 0.5, 0.0), places - 1.0)
    return math.floor(middle), np.float32(middle - math.floor(middle))
