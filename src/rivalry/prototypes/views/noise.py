"""Normal noise."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from rivalry.prototypes.views.chance import Chance
from rivalry.prototypes.views.view import View


@dataclass(frozen=True)
class Noise(View):
    """Add noise to every value; images may leave [0, 1] by it.

    Attributes:
        deviation: Of the noise, where 1 is from black to white.

    Raises:
        ValueError: If it is negative.
    """

    deviation: float

    def __post_init__(self) -> None:
        if self.deviation < 0:
            raise ValueError(f"noise has a deviation of 0 or more, got {self.deviation}")

    def __call__(
        self, images: Float[Tensor, "batch channels height width"], chance: Chance
    ) -> Float[Tensor, "batch channels height width"]:
        """Change images, each by draws of its own."""
        return images + self.deviation * chance.normally(images.shape[1:]).to(images)
