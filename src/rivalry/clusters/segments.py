"""The truth that masks tell: one segment a pixel, from one category of concepts or several laid over each other.

``part+object+scene`` means: the part where there is one, else the object, else the scene; a pixel that has none of them
is ignored.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from rivalry.data.dataset import CATEGORIES, Concept
from rivalry.numerics.nearest import nearest

_USUAL = ("part", "object", "scene")


def default_truth(concepts: Sequence[Concept]) -> str:
    """Parts over objects over scenes, as far as there are any; else what there is.

    >>> default_truth([Concept("sky", "object"), Concept("red", "colour")])
    'object'
    """
    there = [category for category in (*_USUAL, "texture", "colour") if _any(concepts, category)]
    usual = [category for category in there if category in _USUAL]
    return "+".join(usual or there[:1])


def check_truth(truth: str, concepts: Sequence[Concept]) -> None:
    """Refuse a truth that the masks do not tell.

    Raises:
        ValueError: Naming the nearest categories.
    """
    known = [category for category in CATEGORIES if _any(concepts, category)]
    for category in truth.split("+"):
        if category not in known:
            raise ValueError(
                f"truth {truth!r} names {category!r}, of which the masks tell nothing; nearest: "
                f"{nearest(category, known)} (several laid over each other: 'part+scene')"
            )


def segments(masks: Int[Tensor, "batch categories height width"], truth: str) -> Int[Tensor, "batch height width"]:
    """The concept of each pixel, 1 + its place among the concepts; 0 is to be ignored.

    >>> masks = torch.zeros(1, 5, 1, 3, dtype=torch.int16)
    >>> masks[0, 0], masks[0, 2, 0, 1] = torch.tensor([[7, 0, 0]]), 9
    >>> segments(masks, "part+scene").tolist()
    [[[7, 9, 0]]]
    """
    planes = [masks[:, CATEGORIES.index(category)] for category in truth.split("+")]
    over = planes[0]
    for plane in planes[1:]:
        over = torch.where(over > 0, over, plane)
    return over


def _any(concepts: Sequence[Concept], category: str) -> bool:
    return any(concept.category == category for concept in concepts)
