"""A box on a picture, in pixels."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import UInt8
from torch import Tensor


@dataclass(frozen=True)
class Box:
    """A part of a picture, in pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def of(self, image: UInt8[Tensor, "3 _ _"]) -> UInt8[Tensor, "3 _ _"]:
        """What the picture shows there."""
        return image[:, *self.window]
