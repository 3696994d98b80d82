"""Which concepts are dissected, and masks that speak of these alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from rivalry.data.dataset import CATEGORIES, Concept, ImageDataset
from rivalry.numerics.nearest import nearest


@dataclass(frozen=True)
class ConceptMasks:
    """Concepts of some categories of a data set.

    Attributes:
        concepts: Those that are dissected.
        categories: Of each the place in the masks' axis of categories.
        planes: Length of that axis.
        size: Height and width of the masks.
        values: What each value of a mask of the data set becomes: 1 + concept among the dissected ones, or 0.
    """

    concepts: tuple[Concept, ...]
    categories: tuple[int, ...]
    planes: int
    size: tuple[int, int]
    values: Int[Tensor, " values"]

    @classmethod
    def chosen(cls, dataset: ImageDataset, categories: Sequence[str] | None) -> ConceptMasks:
        """The concepts of a data set, of these categories alone where they are given.

        Raises:
            ValueError: For a category of which the data set has no concept, a picture without masks, or masks that do
                not lie on their picture.
        """
        known = tuple(dict.fromkeys(concept.category for concept in dataset.concepts))
        wanted = known if categories is None else tuple(categories)
        strange = [category for category in wanted if category not in known]
        if strange or not wanted:
            given = repr(strange[0]) if strange else "none"
            raise ValueError(
                f"{type(dataset).__name__} has concepts of {', '.join(known)}; categories names {given}, nearest: "
                f"{nearest(strange[0] if strange else '', known)}"
            )
        sample = dataset[0]
        if "masks" not in sample:
            raise ValueError(f"pictures of {type(dataset).__name__} come without masks, of which it says it has some")
        height, width = sample["masks"].shape[1:]
        check_size((height, width), (sample["image"].shape[1], sample["image"].shape[2]))
        taken = [concept.category in wanted for concept in dataset.concepts]
        places = torch.tensor([False, *taken])
        concepts = tuple(concept for concept, take in zip(dataset.concepts, taken, strict=True) if take)
        return cls(
            concepts,
            tuple(CATEGORIES.index(concept.category) for concept in concepts),
            len(sample["masks"]),
            (height, width),
            places.cumsum(0).where(places, 0),
        )

    def of(
        self, masks: Int[Tensor, "batch categories height width"], image_size: tuple[int, int]
    ) -> Int[Tensor, "batch categories height width"]:
        """A batch's masks, without the concepts that are not dissected.

        Args:
            masks: Of the data set.
            image_size: Height and width of the pictures.

        Raises:
            ValueError: If they do not lie on the pictures, or hold what is no concept of the data set.
        """
        check_size((masks.shape[2], masks.shape[3]), image_size)
        if len(self.concepts) == len(self.values) - 1 or not len(masks):
            return masks
        lowest, highest = (int(end) for end in masks.aminmax())
        if lowest < 0 or highest >= len(self.values):
            raise ValueError(f"masks hold {lowest} to {highest}, and there are {len(self.values) - 1} concepts")
        return self.values.to(masks.device)[masks.long()]


def check_size(masks: tuple[int, int], image: tuple[int, int]) -> None:
    """Refuse masks that cannot lie on their picture: coarser or finer ones must have its shape, to within a pixel.

    Args:
        masks: Their height and width.
        image: Height and width of the picture.

    Raises:
        ValueError: Naming both sizes and one that would do.

    >>> check_size((113, 113), (227, 227))
    """
    (high, wide), (image_high, image_wide) = masks, image
    if abs(high * image_wide - wide * image_high) > max(image):
        raise ValueError(
            f"masks of {high} × {wide} pixels do not lie on pictures of {image_high} × {image_wide}; wanted the same "
            f"shape, such as {image_high} × {image_wide} or {high} × {max(1, round(high * image_wide / image_high))}"
        )
