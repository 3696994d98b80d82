"""Several bases of one layer, dissected by the masks of one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from rivalry.basis.bases import NATURAL, Basis
from rivalry.basis.concept_masks import ConceptMasks
from rivalry.basis.detectors import EdgeSample, Tallies, WinTallies
from rivalry.basis.detectors.selectivity import auroc
from rivalry.basis.measures import best_on_the_other_half
from rivalry.basis.pixels import Pixels
from rivalry.basis.policies import BEYOND, CHOSEN, Detection, beyond_everything, by_policy

LEVEL = 0.005
"""Share of places above a direction's threshold, of the policy ``quantile``."""

SAMPLE = 50_000
"""Places, and pixels, of which the levels of a direction are taken."""


@dataclass(frozen=True)
class Judged:
    """What one basis detects.

    Attributes:
        detections: By policy of thresholds.
        auroc: Of every direction and concept on the second half.
        best_auroc: Of every direction with the concept that it tells best on the first half.
    """

    detections: Mapping[str, Detection]
    auroc: Float[Tensor, "directions concepts"]
    best_auroc: Float[Tensor, " directions"]


class DissectedBases:
    """Counts what the directions of a layer's bases mark.

    Args:
        bases: By name.
        pixels: Of which the levels of every direction are sampled.
        truth: What masks speak of.
        competitors: Units in a block of a layer that competes: wins of its own units count as masks too.
    """

    def __init__(
        self, bases: Mapping[str, Basis], pixels: Pixels, truth: ConceptMasks, competitors: int | None = None
    ) -> None:
        self._bases, self._truth = bases, truth
        device = pixels.maps.device
        self._tallies = {
            name: Tallies(self._edges(basis, pixels), truth.categories, truth.planes).to(device)
            for name, basis in bases.items()
        }
        self._wins = None
        if competitors is not None and competitors > 1:
            self._wins = WinTallies(pixels.maps.shape[1], competitors, truth.categories, truth.planes)
            self._wins = self._wins.to(device)

    def add(
        self,
        maps: Float[Tensor, "batch channels height width"],
        winners: Int[Tensor, "batch blocks height width"] | None,
        masks: Int[Tensor, "batch categories height_ width_"],
        first: Bool[Tensor, " batch"],
    ) -> None:
        """Count a batch.

        Args:
            maps: Of the layer.
            winners: Of a layer that competes.
            masks: Of the pictures, of the truth's concepts alone.
            first: Which of them are in the first half.
        """
        for name, basis in self._bases.items():
            self._tallies[name].update(basis.directions.of(maps), masks, first)
        if self._wins is not None and winners is not None:
            self._wins.update(winners, masks, first)

    def judge(self) -> dict[str, Judged]:
        """What each basis detects. A collective."""
        wins = None if self._wins is None else self._wins.compute()
        found = {}
        for name, tallies in self._tallies.items():
            basis, counts = self._bases[name], tallies.compute()
            detections = by_policy(counts, wins if name == NATURAL else None, level=LEVEL, zero=basis.learned)
            detections[BEYOND] = beyond_everything(detections[CHOSEN], counts.area_share)
            train, validation = auroc(counts)
            if basis.taught is not None:
                train = only(basis.taught, train)
                detections = {
                    policy: replace(one, train=only(basis.taught, one.train)) for policy, one in detections.items()
                }
            found[name] = Judged(detections, validation, best_on_the_other_half(train, validation))
        return found

    def _edges(self, basis: Basis, pixels: Pixels) -> Float[Tensor, "directions edges"]:
        """Levels of every direction, from the maps that were kept. A collective."""
        count = basis.directions.weights.shape[1]
        sample = EdgeSample(count, limit=SAMPLE, zero=basis.learned, level=LEVEL, device=pixels.maps.device)
        for maps, index in pixels.own_maps():
            sample.add(basis.directions.of(maps), self._truth.size, index)
        return sample.compute()


def only(
    taught: Int[Tensor, " directions"], scores: Float[Tensor, "directions concepts"]
) -> Float[Tensor, "directions concepts"]:
    """Scores of every direction with the concept that it was taught; NaN with others, so that none of them is chosen.

    >>> only(torch.tensor([1, 0]), torch.tensor([[0.9, 0.5], [0.3, 0.8]]))
    tensor([[   nan, 0.5000],
            [0.3000,    nan]])
    """
    own = functional.one_hot(taught, scores.shape[1]).bool()
    return torch.where(own, scores, torch.nan)
