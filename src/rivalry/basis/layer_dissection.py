"""What a pass tells of one layer: pixels of concepts by the units' levels and wins, and the units' top images."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.basis.concept_masks import ConceptMasks
from rivalry.basis.detectors import Counts, Tallies, WinCounts, WinTallies
from rivalry.recording.top_images import Ranking, TopImages

TOP_IMAGES = 6
"""Pictures that are kept of every unit, those of its largest activations."""


class LayerDissection:
    """Streaming state of one layer, over batches and ranks. Its memory is that of its tallies and 6 pictures a unit.

    Args:
        edges: Levels of every unit.
        masks: The concepts.
        competitors: Units in a block of a layer that competes; None of the others.
        device: Where observations lie.
    """

    def __init__(
        self, edges: Float[Tensor, "units edges"], masks: ConceptMasks, competitors: int | None, device: torch.device
    ) -> None:
        units = len(edges)
        self._tallies = Tallies(edges, masks.categories, masks.planes).to(device)
        self._top = TopImages(units, TOP_IMAGES).to(device)
        self._wins: WinTallies | None = None
        if competitors is not None and competitors > 1:
            self._wins = WinTallies(units, competitors, masks.categories, masks.planes).to(device)

    def add(
        self,
        maps: Float[Tensor, "batch units height width"],
        winners: Int[Tensor, "batch blocks height width"] | None,
        masks: Int[Tensor, "batch categories _ _"],
        first: Bool[Tensor, " batch"],
        index: Int[Tensor, " batch"],
    ) -> None:
        """Take in a batch, perhaps an empty one.

        Args:
            maps: What the units gave.
            winners: Of a layer that competes, the winners' places in their blocks.
            masks: Of the concepts.
            first: Whether each picture is of the half that chooses.
            index: Positions in the data set.
        """
        self._tallies.update(maps, masks, first)
        if self._wins is not None and winners is not None:
            self._wins.update(winners, masks, first)
        highest = maps.flatten(2).amax(2)
        self._top.update(highest, torch.ones_like(highest), index)

    def counts(self, *, halves: bool) -> Counts:
        """What was counted; both halves as one where there are none. A collective."""
        counts: Counts = self._tallies.compute()
        return counts if halves else counts.merged()

    def wins(self, *, halves: bool) -> WinCounts | None:
        """What was counted of the wins, of a layer that competes. A collective."""
        if self._wins is None:
            return None
        counts: WinCounts = self._wins.compute()
        return counts if halves else counts.merged()

    def top_images(self) -> Ranking:
        """The pictures of each unit's largest activations. A collective."""
        ranking: Ranking = self._top.compute()
        return ranking
