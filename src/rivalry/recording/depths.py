"""Features of several depths as one: NAVE's, at every position of one grid.

    x = concat_l  w_l · f_l / ‖f_l‖            w_l = (1 + C_first) / (1 + C_l),   f_l: layer l resized to the grid

NAVE (Boubekki, Fadel & Mair, arXiv:2411.19700), after its first author's evaluation code. The weights give layers with
more channels than the first less say; the paper's reasons for their form are unknown to us.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def stack_depths(
    maps: Sequence[Float[Tensor, "batch _ _ _"]], size: tuple[int, int] | None = None
) -> Float[Tensor, "batch height width channels"]:
    """Resize (bicubic), normalise over channels, weight and concatenate the feature maps of several layers.

    Args:
        maps: Batch, channels, height and width of each layer, from shallow to deep.
        size: Height and width of the common grid; that of the first layer by default.

    Raises:
        ValueError: For no layers.

    >>> stack_depths([torch.ones(1, 3, 4, 6), torch.ones(1, 7, 2, 3)]).shape
    torch.Size([1, 4, 6, 10])
    """
    if not maps:
        raise ValueError("features of several depths need one layer at least, got none")
    grid = tuple(maps[0].shape[2:]) if size is None else size
    first = maps[0].shape[1]
    parts = [one_depth(layer, grid) * ((1 + first) / (1 + layer.shape[1])) for layer in maps]
    return torch.cat(parts, dim=3)


def one_depth(
    layer: Float[Tensor, "batch channels _ _"], size: tuple[int, ...]
) -> Float[Tensor, "batch height width channels"]:
    """One layer on a grid, of length 1 at every position (0 where it is all 0)."""
    layer = layer.float()
    if tuple(layer.shape[2:]) != tuple(size):
        layer = functional.interpolate(layer, size=list(size), mode="bicubic", align_corners=False)
    return functional.normalize(layer, dim=1).movedim(1, 3)
