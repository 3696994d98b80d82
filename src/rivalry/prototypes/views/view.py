"""The interface of all views: a random change of images, each on its own, through which a network sees them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from rivalry.prototypes.views.chance import Chance


class View(ABC):
    """A random change of images that keeps their size; differentiable, the same for an image whatever its batch."""

    @abstractmethod
    def __call__(
        self, images: Float[Tensor, "batch channels height width"], chance: Chance
    ) -> Float[Tensor, "batch channels height width"]:
        """Change images, each by draws of its own."""


def seen_through(
    views: Sequence[View], images: Float[Tensor, "batch channels height width"], chance: Chance
) -> Float[Tensor, "batch channels height width"]:
    """Images through several views, one after another, each with draws of its own."""
    for use, view in enumerate(views):
        images = view(images, chance.apart(use))
    return images
