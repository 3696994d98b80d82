"""Maps in the size of the masks: bilinear interpolation as that of ``torch.nn.functional.interpolate``.

    v = a + y · (b − a),   a and b being   p + x · (q − p)   of the neighbours p and q to the left and to the right.

The neighbours and their shares are those of ``interpolate(mode="bilinear", align_corners=False)``. The order of the
operations is our own: where all neighbours are equal, the value is theirs exactly, while PyTorch's sum of products may
round it above a threshold that it does not exceed; and it is the same, bit by bit, here and in the compiled kernel.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor


class Neighbours(NamedTuple):
    """Between which two places of a map each pixel lies, along one axis.

    Attributes:
        before: The place to the left (above).
        after: The place to the right (below); the same at the margin.
        share: Of the way from the one to the other, from 0 to 1.
    """

    before: Int[Tensor, " pixels"]
    after: Int[Tensor, " pixels"]
    share: Float[Tensor, " pixels"]


def neighbours(places: int, pixels: int, device: torch.device | None = None) -> Neighbours:
    """Lay the pixels of a mask over the places of a map, along one axis.

    >>> neighbours(2, 4)
    Neighbours(before=tensor([0, 0, 0, 1]), after=tensor([1, 1, 1, 1]), share=tensor([0.0000, 0.2500, 0.7500, 0.0000]))
    """
    middles = (torch.arange(pixels, dtype=torch.float64) + 0.5) * (places / pixels) - 0.5
    middles = middles.clamp(0, places - 1)
    before = middles.long()
    after = (before + 1).clamp(max=places - 1)
    return Neighbours(before.to(device), after.to(device), (middles - before).float().to(device))


def upsample(maps: Float[Tensor, "*batch rows columns"], size: tuple[int, int]) -> Float[Tensor, "*batch height width"]:
    """Maps in another size.

    Args:
        maps: Of units, in float32.
        size: Height and width wanted.

    >>> upsample(torch.tensor([[0.0, 4.0]]), (1, 4))
    tensor([[0., 1., 3., 4.]])
    """
    down, along = (neighbours(*pair, maps.device) for pair in zip(maps.shape[-2:], size, strict=True))
    rows = _between(maps[..., along.before], maps[..., along.after], along.share)
    return _between(rows[..., down.before, :], rows[..., down.after, :], down.share[:, None])


def upsample_at(
    maps: Float[Tensor, "batch units rows columns"], size: tuple[int, int], pixels: Int[Tensor, " chosen"]
) -> Float[Tensor, "chosen units"]:
    """Values at some pixels of the maps in another size: those that :func:`upsample` gives there.

    Args:
        maps: Of units, in float32.
        size: Height and width wanted.
        pixels: Numbers of the pixels, counted through the batch: picture × height × width + row × width + column.

    >>> upsample_at(torch.tensor([[[[0.0, 4.0]]]]), (1, 4), torch.tensor([2]))
    tensor([[3.]])
    """
    height, width = size
    picture, row, column = pixels // (height * width), pixels // width % height, pixels % width
    down, along = (neighbours(*pair, maps.device) for pair in zip(maps.shape[-2:], size, strict=True))
    x, y = along.share[column][:, None], down.share[row][:, None]
    left, right = along.before[column], along.after[column]
    above, below = down.before[row], down.after[row]
    top = _between(maps[picture, :, above, left], maps[picture, :, above, right], x)
    bottom = _between(maps[picture, :, below, left], maps[picture, :, below, right], x)
    return _between(top, bottom, y)


def _between(before: Tensor, after: Tensor, share: Tensor) -> Tensor:
    """In steps that round one by one, as the compiled kernel does; ``torch.lerp`` fuses them."""
    return before + share * (after - before)
