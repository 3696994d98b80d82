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

_ELEMENTS_AT_ONCE = 2**20


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
    (height, width), (rows, columns) = size, maps.shape[2:]
    down, along = neighbours(rows, height, maps.device), neighbours(columns, width, maps.device)
    places = maps.movedim(1, -1).flatten(0, 2).contiguous()  # units of one place beside one another

    def at(own: Tensor) -> Tensor:
        picture, row, column = own // (height * width), own // width % height, own % width
        upper, lower = ((picture * rows + side[row]) * columns for side in (down.before, down.after))
        left, right, x = along.before[column], along.after[column], along.share[column, None]
        top = _between(places[upper + left], places[upper + right], x)
        bottom = _between(places[lower + left], places[lower + right], x)
        return _between(top, bottom, down.share[row, None])

    at_once = max(1, _ELEMENTS_AT_ONCE // max(maps.shape[1], 1))
    found = places.new_empty(len(pixels), maps.shape[1])
    for first in range(0, len(pixels), at_once):
        found[first : first + at_once] = at(pixels[first : first + at_once])
    return found


def _between(before: Tensor, after: Tensor, share: Tensor) -> Tensor:
    """In steps that round one by one, as the compiled kernel does; ``torch.lerp`` fuses them."""
    return before + share * (after - before)
