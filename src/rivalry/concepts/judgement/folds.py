"""Folds of a class's images: what shall hold of images that were not seen is judged between them."""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor

from rivalry.numerics.sampling import draw


def folds_of_images(images: int, places: int, *, folds: int = 2, seed: int = 0) -> Int[Tensor, " samples"]:
    """The fold of each row of a class, images dealt out by seed and evenly; all places of an image in one fold.

    Args:
        images: Of the class, at least as many as folds.
        places: Rows of each, one image after another.
        folds: How many, 2 or more.
        seed: Of the deal.

    Raises:
        ValueError: For less than two folds, or fewer images than folds.

    >>> folds_of_images(4, 2, folds=2).bincount()
    tensor([4, 4])
    """
    if not 2 <= folds <= images:
        raise ValueError(
            f"images are dealt into 2 folds or more, an image each at least; got {images} and {folds} folds"
        )
    dealt = torch.empty(images, dtype=torch.long)
    dealt[draw(images, images, seed)] = torch.arange(images) % folds
    return dealt.repeat_interleave(places)
