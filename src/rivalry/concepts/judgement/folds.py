"""Folds of a class's images, for fits that shall agree."""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor

from rivalry.numerics.sampling import draw


def folds_of_images(images: int, places: int, *, folds: int = 2, seed: int = 0) -> Int[Tensor, " samples"]:
    """The fold of each row of a class, images dealt out by seed and evenly; all places of an image in one fold.

    Args:
        images: Of the class.
        places: Rows of each, one image after another.
        folds: How many; 2 or more.
        seed: Of the deal.

    >>> folds_of_images(4, 2, folds=2).bincount()
    tensor([4, 4])
    """
    dealt = torch.empty(images, dtype=torch.long)
    dealt[draw(images, images, seed)] = torch.arange(images) % folds
    return dealt.repeat_interleave(places)
