"""What was counted of a layer's units: how many pixels of each concept lie between which levels of a unit.

Bin b of a unit holds the values that exceed exactly b of its ascending levels (*edges*): ``value > edges[e]`` if and
only if its bin is above e. So every threshold that is an edge can be scored afterwards, without a second pass.
"""

from __future__ import annotations

from typing import final

from jaxtyping import Float, Int
from torch import Tensor

HALVES = 2
"""Pictures of the first half choose labels and thresholds, those of the second score them."""


@final
class Counts:
    """Counts of all ranks, halves first: place 0 is the half that chooses. There are one more bins than edges.

    No dataclass: torchmetrics would open it.

    Args:
        edges: Levels of every unit, ascending; some may repeat.
        categories: Category of every concept: its place along the masks' axis of categories.
        shown: Mask pixels of each concept.
        labelled: All mask pixels of the pictures in which some pixel has that category labelled.
        pixels: All mask pixels.
        positions: Places of the layer's own maps.
        below: Of these, those whose value is below the lowest edge. Where there is none, all values in bin 0 are equal.
        images: Pictures in which each concept has a pixel.
    """

    def __init__(
        self,
        edges: Float[Tensor, "units edges"],
        categories: Int[Tensor, " concepts"],
        shown: Int[Tensor, "halves units concepts bins"],
        labelled: Int[Tensor, "halves units categories bins"],
        pixels: Int[Tensor, "halves units bins"],
        positions: Int[Tensor, "halves units bins"],
        below: Int[Tensor, "halves units"],
        images: Int[Tensor, "halves concepts"],
    ) -> None:
        self.edges, self.categories = edges, categories
        self.shown, self.labelled, self.pixels = shown, labelled, pixels
        self.positions, self.below, self.images = positions, below, images

    @property
    def concept_pixels(self) -> Int[Tensor, "halves concepts"]:
        """Mask pixels of each concept, whatever the unit."""
        return self.shown[:, 0].sum(-1)

    @property
    def labelled_pixels(self) -> Int[Tensor, "halves concepts"]:
        """Mask pixels of the pictures in which each concept's category is labelled."""
        return self.labelled[:, 0].sum(-1)[:, self.categories]

    @property
    def area_share(self) -> Float[Tensor, "halves concepts"]:
        """Share of these that each concept covers; NaN where its category is nowhere labelled."""
        return self.concept_pixels / self.labelled_pixels

    def merged(self) -> Counts:
        """Both halves as one, which both chooses and scores, as in Bau et al. (2017)."""
        counted = (self.shown, self.labelled, self.pixels, self.positions, self.below, self.images)
        return Counts(self.edges, self.categories, *(both.sum(0, keepdim=True) for both in counted))
