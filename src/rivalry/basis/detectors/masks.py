"""What masks of concepts must be: in the place of each category, 0 or 1 + a concept of this category."""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor


def check_masks(
    masks: Int[Tensor, "batch categories height width"], categories: Int[Tensor, " concepts"], planes: int
) -> None:
    """Refuse masks that speak of what is no concept, or of one in the place of another category.

    Args:
        masks: Of a batch.
        categories: Category of every concept: its place along the masks' axis of categories.
        planes: Length that this axis must have.

    Raises:
        ValueError: Naming what was found.
    """
    if masks.shape[1] != planes:
        raise ValueError(f"wanted masks of {planes} categories, got {masks.shape[1]}")
    if not masks.numel():
        return
    lowest, highest = (int(end) for end in masks.aminmax())
    if lowest < 0 or highest > len(categories):
        raise ValueError(
            f"masks hold {lowest} to {highest}; wanted 0 for nothing, and 1 to {len(categories)} for concepts"
        )
    for plane in range(masks.shape[1]):
        strange = torch.ones(len(categories) + 1, dtype=torch.bool, device=masks.device)
        strange[0] = False
        strange[1:] = categories != plane
        found = strange[masks[:, plane].long()]
        if bool(found.any()):
            concept = int(masks[:, plane][found][0]) - 1
            raise ValueError(
                f"masks hold concept {concept}, of category {int(categories[concept])}, where category {plane} is"
            )
