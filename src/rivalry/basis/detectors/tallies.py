"""Tallies of pixels by unit, concept and level, over batches and ranks.

Bau et al. (2017) tally with one threshold a unit. Here a whole histogram is tallied, so that thresholds may be chosen
and compared afterwards; each of their tallies is a sum of its bins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torchmetrics import Metric

from rivalry.basis.detectors.counts import HALVES, Counts
from rivalry.basis.detectors.histogram import count_pixels, count_positions
from rivalry.basis.detectors.masks import check_masks
from rivalry.data.dataset import CATEGORIES
from rivalry.recording.presence import presence
from rivalry.recording.ranks import sum_over_ranks


class Tallies(Metric):
    """Counts pixels, of which :class:`Counts` are made.

    Memory is 8 bytes × 2 halves × units × (concepts + categories + 2) × bins, and as much for what torchmetrics keeps
    to begin anew with; never images × units × positions.

    Args:
        edges: Levels of every unit, ascending (see :class:`rivalry.basis.detectors.edges.EdgeSample`).
        categories: Category of every concept: its place along the masks' axis of categories.
        planes: Length of that axis.

    Raises:
        ValueError: If edges do not ascend or are not finite, or a concept has a category beyond the masks'.
    """

    full_state_update = False
    edges: Tensor
    categories: Tensor
    shown: Tensor
    labelled: Tensor
    pixels: Tensor
    positions: Tensor
    below: Tensor
    images: Tensor

    def __init__(
        self, edges: Float[Tensor, "units edges"], categories: Sequence[int], planes: int = len(CATEGORIES)
    ) -> None:
        super().__init__(dist_sync_fn=_summed, compute_with_cache=False)
        _check(edges, categories, planes)
        self.register_buffer("edges", edges.float().contiguous(), persistent=False)
        self.register_buffer("categories", torch.tensor(list(categories), dtype=torch.long), persistent=False)
        units, bins = edges.shape[0], edges.shape[1] + 1
        shapes = {
            "shown": (HALVES, units, len(categories), bins),
            "labelled": (HALVES, units, planes, bins),
            "pixels": (HALVES, units, bins),
            "positions": (HALVES, units, bins),
            "below": (HALVES, units),
            "images": (HALVES, len(categories)),
        }
        for name, shape in shapes.items():
            self.add_state(name, torch.zeros(shape, dtype=torch.int64), dist_reduce_fx="sum")

    def update(
        self,
        maps: Float[Tensor, "batch units rows columns"],
        masks: Int[Tensor, "batch categories height width"],
        first: Bool[Tensor, " batch"],
    ) -> None:
        """Add a batch, perhaps an empty one.

        Args:
            maps: Of the layer's units or of directions.
            masks: 1 + concept, 0 where no concept of the category is.
            first: Which pictures are in the first half, that chooses.

        Raises:
            ValueError: If maps, masks and halves differ in number, there are other units than edges, an activation is
                not finite, masks have other categories, or one holds no concept or one in the place of another.
        """
        maps, masks = maps.detach().float().contiguous(), masks.to(maps.device)
        self._check_batch(maps, masks, first)
        half = (~first).long().to(maps.device)
        self.below.index_add_(0, half, (maps < self.edges[:, :1, None]).flatten(2).sum(2))
        count_positions(maps, half, self.edges, self.positions)
        count_pixels(maps, masks, half, self.edges, self.shown, self.labelled, self.pixels)
        self.images.index_add_(0, half, presence(masks, len(self.categories)).long())

    def compute(self) -> Counts:
        """What was counted on all ranks."""
        counted = (self.shown, self.labelled, self.pixels, self.positions, self.below, self.images)
        return Counts(self.edges, self.categories, *counted)

    def _check_batch(self, maps: Tensor, masks: Tensor, first: Tensor) -> None:
        if not len(maps) == len(masks) == len(first):
            raise ValueError(
                f"got {len(maps)} maps, {len(masks)} masks and {len(first)} halves; wanted as many of each"
            )
        if maps.shape[1] != len(self.edges):
            raise ValueError(f"wanted maps of the {len(self.edges)} units that have edges, got {maps.shape[1]} units")
        finite = maps.isfinite()
        if not bool(finite.all()):
            units = (~finite).flatten(2).any(-1).any(0).nonzero().flatten().tolist()
            raise ValueError(f"activations of {len(units)} units are not finite (unit {units[0]} first)")
        check_masks(masks, self.categories, self.labelled.shape[2])


def _check(edges: Tensor, categories: Sequence[int], planes: int) -> None:
    if not bool(edges.isfinite().all()) or bool((edges.diff(dim=1) < 0).any()):
        raise ValueError("edges must be finite and ascend; got some that do not")
    beyond = [place for place in categories if not 0 <= place < planes]
    if beyond:
        raise ValueError(f"masks have categories 0 to {planes - 1}, and a concept has category {beyond[0]}")


def _summed(state: Tensor, group: Any = None) -> list[Tensor]:
    """The sum over ranks alone: to gather all states before they are added takes memory for every rank."""
    return [sum_over_ranks(state.clone())]
