"""Wins as masks: a unit that competes marks the places where it wins its block, and needs no threshold.

The mask of wins is upsampled to the size of the concept's by its nearest place. So each pixel of a concept belongs to
one place of the map, and pixels are counted by place once and for all units: intersections are a product of wins with
these counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional
from torchmetrics import Metric

from rivalry.basis.detectors.counts import HALVES
from rivalry.basis.detectors.masks import check_masks
from rivalry.basis.detectors.scores import over_union
from rivalry.data.dataset import CATEGORIES


@final
class WinCounts:
    """Counts of all ranks, halves first: place 0 is the half that chooses. No dataclass: torchmetrics would open it.

    Args:
        categories: Category of every concept: its place along the masks' axis of categories.
        won: Pixels of each concept at which each unit wins.
        labelled: Pixels at which it wins, of the pictures in which some pixel has that category labelled.
        concept_pixels: Pixels of each concept.
    """

    def __init__(
        self,
        categories: Int[Tensor, " concepts"],
        won: Int[Tensor, "halves units concepts"],
        labelled: Int[Tensor, "halves units categories"],
        concept_pixels: Int[Tensor, "halves concepts"],
    ) -> None:
        self.categories, self.won, self.labelled, self.concept_pixels = categories, won, labelled, concept_pixels

    def iou(self) -> Float[Tensor, "halves units concepts"]:
        """IoU of every unit's wins with every concept; NaN where a half does not show the concept."""
        return over_union(self.won, self.labelled[:, :, self.categories], self.concept_pixels[:, None])

    def merged(self) -> WinCounts:
        """Both halves as one."""
        counted = (self.won, self.labelled, self.concept_pixels)
        return WinCounts(self.categories, *(both.sum(0, keepdim=True) for both in counted))


class WinTallies(Metric):
    """Counts the pixels at which units win, over batches and ranks.

    Memory is 8 bytes × 2 halves × units × (concepts + categories), and as much for what torchmetrics keeps to begin
    anew with.

    Args:
        units: Width of the layer.
        competitors: Units in a block.
        categories: Category of every concept: its place along the masks' axis of categories.
        planes: Length of that axis.
    """

    full_state_update = False
    categories: Tensor
    won: Tensor
    labelled: Tensor
    concept_pixels: Tensor

    def __init__(self, units: int, competitors: int, categories: Sequence[int], planes: int = len(CATEGORIES)) -> None:
        super().__init__(compute_with_cache=False)
        self.competitors = competitors
        self.register_buffer("categories", torch.tensor(list(categories), dtype=torch.long), persistent=False)
        shapes = {
            "won": (HALVES, units, len(categories)),
            "labelled": (HALVES, units, planes),
            "concept_pixels": (HALVES, len(categories)),
        }
        for name, shape in shapes.items():
            self.add_state(name, torch.zeros(shape, dtype=torch.int64), dist_reduce_fx="sum")

    def update(
        self,
        winners: Int[Tensor, "batch blocks rows columns"],
        masks: Int[Tensor, "batch categories height width"],
        first: Bool[Tensor, " batch"],
    ) -> None:
        """Add a batch, perhaps an empty one.

        Args:
            winners: Their places in their blocks.
            masks: 1 + concept, 0 where no concept of the category is.
            first: Which pictures are in the first half, that chooses.

        Raises:
            ValueError: If masks have other categories, or one holds no concept or one in the place of another category.
        """
        masks = masks.to(winners.device).long()
        check_masks(masks, self.categories, self.labelled.shape[2])
        cells = nearest_places((winners.shape[2], winners.shape[3]), (masks.shape[2], masks.shape[3])).to(masks.device)
        for picture, mask, half in zip(winners, masks, (~first).long().tolist(), strict=True):
            wins = functional.one_hot(picture.long().flatten(1), self.competitors).movedim(2, 1).flatten(0, 1)
            counts = _pixels_of_places(mask, cells, wins.shape[1], len(self.categories))
            found = (wins.double() @ counts.double()).long()  # whole numbers below 2⁵³
            self.won[half] += found[:, 1:]
            self.concept_pixels[half] += counts[:, 1:].sum(0)
            there = mask.flatten(1).any(1)
            self.labelled[half] += found[:, :1] * there

    def compute(self) -> WinCounts:
        """What was counted on all ranks."""
        return WinCounts(self.categories, self.won, self.labelled, self.concept_pixels)


def nearest_places(places: tuple[int, int], pixels: tuple[int, int]) -> Int[Tensor, "height width"]:
    """The place of a map that each pixel of a mask is nearest to, as ``interpolate(mode="nearest")`` has it.

    >>> nearest_places((1, 2), (2, 4))
    tensor([[0, 0, 1, 1],
            [0, 0, 1, 1]])
    """
    grid = torch.arange(places[0] * places[1], dtype=torch.float64).view(1, 1, *places)
    return functional.interpolate(grid, pixels, mode="nearest")[0, 0].long()


def _pixels_of_places(
    mask: Int[Tensor, "categories height width"], cells: Int[Tensor, "height width"], places: int, concepts: int
) -> Int[Tensor, "places counts"]:
    """How many pixels each place of a map has: first in all, then of each concept."""
    counts = torch.bincount((cells * (concepts + 1) + mask).flatten(), minlength=places * (concepts + 1))
    counts = counts.view(places, concepts + 1)
    counts[:, 0] = torch.bincount(cells.flatten(), minlength=places)
    return counts
