"""The renders of a picture: clean, with the mark, with the null mark, and what is composed of them.

"Swapped" (pictures of the target class clean, all others marked) needs no render and no pass of its own: image by image
it is the clean or the marked one.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Int, UInt8
from torch import Tensor

from rivalry.data.watermark import Watermark


class Rendered(NamedTuple):
    """Pictures with a mark on each.

    Attributes:
        images: The marked pictures, 0 to 255.
        masks: The pixels that are mark.
    """

    images: UInt8[Tensor, "batch 3 height width"]
    masks: Bool[Tensor, "batch height width"]


def render(
    watermark: Watermark, images: UInt8[Tensor, "batch 3 height width"], index: Int[Tensor, " batch"], *, seed: int
) -> Rendered:
    """Put a mark on every picture of a batch, where its index and the seed say.

    Args:
        watermark: The mark, or its null.
        images: Clean pictures, one at least.
        index: Their positions in the data set: a picture gets the same mark in every batch and on every rank.
        seed: Of places and turns.
    """
    clean = images.cpu()
    pairs = [
        watermark.render(image, seed=seed, index=place) for image, place in zip(clean, index.tolist(), strict=True)
    ]
    marked, masks = (torch.stack(list(of_all)) for of_all in zip(*pairs, strict=True))
    return Rendered(marked.to(images.device), masks.to(images.device))
