"""Boxes on pictures: sums over all of one size at once, and the box that drew most of the gradient.

Sums come from the integral image (Crow 1984): I(y, x) = Σ of all above and left of it, so that the sum in a box is
I(b, r) − I(t, r) − I(b, l) + I(t, l), however large it is.
"""

from __future__ import annotations

from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from rivalry.recording.box import Box


def box_sums(values: Float[Tensor, "batch height width"], rows: int, columns: int) -> Float[Tensor, "batch _ _"]:
    """The sum in every box of a size that lies on the picture, by its upper left pixel; float64.

    >>> import torch
    >>> box_sums(torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), 2, 2)
    tensor([[[12., 16.]]], dtype=torch.float64)
    """
    integral = functional.pad(values.double().cumsum(1).cumsum(2), (1, 0, 1, 0))
    bands = integral[:, rows:] - integral[:, :-rows]
    return bands[..., columns:] - bands[..., :-columns]


def most_attributed(alpha: Float[Tensor, "height width"], share: float) -> Box:
    """The square that holds most of an α map.

    Args:
        alpha: 0 or more.
        share: Its side, as a share of the picture's shorter side.
    """
    side = max(1, round(share * min(alpha.shape)))
    sums = box_sums(alpha[None], side, side)[0]
    top, left = divmod(int(sums.argmax()), sums.shape[1])
    return Box(top, left, side, side)


def attributed_lift(alpha: Float[Tensor, "height width"], box: Box) -> float:
    """How many times a box's share of an α map is its share of the area, 0 or more; NaN of a map that is 0.

    >>> import torch
    >>> attributed_lift(torch.tensor([[3.0, 1.0], [0.0, 0.0]]), Box(0, 0, 1, 1))
    3.0
    """
    within = alpha[box.window].double().sum() / alpha.double().sum()
    return float(within) * alpha.numel() / (box.height * box.width)


def paste(
    image: UInt8[Tensor, "channels height width"], patch: UInt8[Tensor, "channels _ _"], box: Box
) -> UInt8[Tensor, "channels height width"]:
    """A picture with a patch in place of what it shows in a box."""
    pasted = image.clone()
    pasted[:, *box.window] = patch
    return pasted
