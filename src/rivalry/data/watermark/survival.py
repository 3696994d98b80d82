"""How much of a watermark augmentation leaves: a crop may cut it off, and then nothing can be learnt from it.

    survival = mean over marked pictures of  (ink of the pieces that still show) / (ink of all pieces)

Our operationalisation: the mark is cut into pieces. A piece still shows where the augmented picture would be another
without it: where some pixel differs by more than a quarter of the most that the piece has changed before augmentation.
So a crop that enlarges what it keeps counts as one that does not.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from rivalry.data.augmentation import Recipe
from rivalry.data.dataset import Sample
from rivalry.data.watermark.poisoned import Watermarked

PIECES = 8
"""Into how many pieces of equal area a mark is cut, across."""

SHOWS = 0.25


def survival(pictures: Watermarked, recipe: Recipe, *, seed: int = 0, epoch: int = 0, most: int = 256) -> float:
    """Mean share of the mark that a recipe of augmentation leaves on the pictures that bear it.

    Every marked picture is augmented with the mark and, by the same (seed, epoch, index), without one piece of it.
    Mixing is left out: it blends a picture with another, and does not move the mark.

    Args:
        pictures: Some of them marked.
        recipe: What training does to them.
        seed: That of training.
        epoch: That of training, from 0.
        most: On how many marked pictures it is measured, chosen evenly; all where there are fewer.

    Returns:
        In [0, 1]; NaN where no picture is marked.
    """
    chosen = np.flatnonzero(pictures.marked)
    chosen = chosen[np.unique(np.linspace(0, len(chosen) - 1, min(most, len(chosen))).astype(int))]
    shares = [_left_of(pictures, recipe, int(index), seed=seed, epoch=epoch) for index in chosen]
    return float(np.mean(shares)) if shares else float("nan")


def _left_of(pictures: Watermarked, recipe: Recipe, index: int, *, seed: int, epoch: int) -> float:
    """The share of one picture's mark that is left."""
    clean = pictures.whole[index]["image"]
    marked, mask = pictures.watermark.render(clean, seed=pictures.seed, index=index)
    pieces = _pieces(mask)
    lacking = torch.where(pieces[:, None], clean, marked)
    before = _greatest_change(lacking, marked)
    ink = (lacking.int() - marked.int()).abs().flatten(1).sum(1).double()
    changed = _augment(recipe, torch.cat([marked[None], lacking]), index, seed=seed, epoch=epoch)
    shows = _greatest_change(changed[1:], changed[0]) > SHOWS * before
    return float((ink * shows).sum() / ink.sum())


def _pieces(mask: Bool[Tensor, "height width"]) -> Bool[Tensor, "pieces height width"]:
    """Cut the mark across into upright strips of as many pixels each, and leave out strips of none."""
    order = torch.full_like(mask, -1, dtype=torch.long)
    order.T[mask.T] = torch.arange(int(mask.sum())) * PIECES // int(mask.sum())
    strips = order == torch.arange(PIECES)[:, None, None]
    return strips[strips.flatten(1).any(1)]


def _augment(
    recipe: Recipe, images: UInt8[Tensor, "pieces 3 height width"], index: int, *, seed: int, epoch: int
) -> UInt8[Tensor, "pieces 3 _ _"]:
    """Change all images as training changes the one at ``index``."""
    alone = Recipe(recipe.image, recipe.batch)
    loaded = torch.stack([alone.on_image(image, seed=seed, epoch=epoch, turn=index) for image in images])
    batch = Sample(image=loaded)
    turns = torch.full((len(images),), index)
    return alone.on_batch(batch, classes=1, seed=seed, epoch=epoch, turns=turns)["image"]


def _greatest_change(
    images: UInt8[Tensor, "pieces 3 height width"], other: UInt8[Tensor, "3 height width"]
) -> Float[Tensor, " pieces"]:
    """The greatest difference that any pixel of each image has to the other one."""
    return (images.int() - other.int()).abs().flatten(1).amax(1).float()
