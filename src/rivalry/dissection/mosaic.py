"""Pictures of a probe set in rows and columns, as square tiles of one size: what units look like."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import UInt8
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

from rivalry.recording.mosaic import lay_out
from rivalry.records import Picture


def mosaic(rows: Sequence[Sequence[UInt8[Tensor, "3 _ _"]]], *, columns: int, side: int = 64, gap: int = 2) -> Picture:
    """Stack pictures, one row each; missing ones and the gaps between are white.

    Args:
        rows: Pictures of any sizes; at least one row.
        columns: Pictures a row; further ones are left out.
        side: Height and width of each after resizing, in pixels.
        gap: Pixels between.

    Returns:
        uint8 (rows · (side + gap) − gap, columns · (side + gap) − gap, 3).

    >>> import torch
    >>> mosaic([[torch.zeros(3, 4, 4, dtype=torch.uint8)]], columns=2, side=4, gap=1).shape
    (4, 9, 3)
    """
    tiles = [[_tile(image, side) for image in row[:columns]] for row in rows]
    return lay_out(tiles, (side, side), columns=columns, gap=gap)


def _tile(image: Tensor, side: int) -> Picture:
    if image.shape[1:] != (side, side):
        image = transforms.center_crop(transforms.resize(image, [side], antialias=True), [side, side])
    tile: Picture = image.permute(1, 2, 0).cpu().numpy()
    return tile


def tile_side(image: UInt8[Tensor, "3 height width"], largest: int = 96) -> int:
    """The side of tiles for pictures like this one: their own shorter side, up to a limit, and at least 32."""
    return max(32, min(largest, image.shape[1], image.shape[2]))
