"""Pictures as the network and CLIP are shown them: prototypes in 256 tones, natural ones with and without a mark."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from rivalry.data.dataset import ImageDataset
from rivalry.data.watermark import Watermark, marked_pictures
from rivalry.numerics.sampling import draw


def as_bytes(images: Float[Tensor, "*batch channels height width"]) -> UInt8[Tensor, "*batch channels height width"]:
    """Images in [0, 1] as pictures, 0 to 255.

    >>> as_bytes(torch.tensor([[[0.0, 0.5, 1.0]]])).flatten()
    tensor([  0, 128, 255], dtype=torch.uint8)
    """
    return (255 * images.clamp(0, 1)).round().to(torch.uint8)


def unmarked(dataset: ImageDataset, count: int, seed: int) -> tuple[int, ...]:
    """Some pictures of a data set that bear no mark, ascending; all of them where there are no more."""
    marked = marked_pictures(dataset)
    order = draw(len(dataset), len(dataset), seed).tolist()
    return tuple(sorted([index for index in order if marked is None or not marked[index]][:count]))


def printed(
    images: UInt8[Tensor, "batch 3 height width"], index: Sequence[int], watermark: Watermark, seed: int
) -> UInt8[Tensor, "batch 3 height width"]:
    """Pictures with a mark on each, where its index and the seed say.

    Args:
        images: On the CPU.
        index: Their positions in the data set.
        watermark: The mark or its null.
        seed: Of places and turns.
    """
    marked = [watermark.render(image, seed=seed, index=of)[0] for image, of in zip(images, index, strict=True)]
    return torch.stack(marked) if marked else images
