"""Images seen through an affine map, each through its own."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def resampled(
    images: Float[Tensor, "batch channels height width"], matrix: Float[Tensor, "batch 2 3"]
) -> Float[Tensor, "batch channels height width"]:
    """Images whose pixel at p is what was at M p, bilinearly; beyond its edges an image is mirrored.

    Args:
        images: Any values.
        matrix: M, on any device: from a place (x to the right, y down, 1), in pixels from the middle, to a place.
    """
    height, width = images.shape[2:]
    # affine_grid wants places from −1 to 1 on both axes.
    matrix, half = matrix.to(images), images.new_tensor([width / 2, height / 2])
    scaled = torch.cat((matrix[:, :, :2] * half / half[:, None], matrix[:, :, 2:] / half[:, None]), dim=2)
    places = functional.affine_grid(scaled, list(images.shape), align_corners=False)
    return functional.grid_sample(images, places, padding_mode="reflection", align_corners=False)
