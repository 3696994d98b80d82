"""What is found in one layer: how well the mark can be read there, its direction, its detectors and its carriers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.artefacts.watermark.carriers import Carriers, Half, Silencing
from rivalry.artefacts.watermark.concept_vector import ConceptTest, judge_direction
from rivalry.artefacts.watermark.decodability import decodability
from rivalry.artefacts.watermark.pictures import Pictures
from rivalry.artefacts.watermark.sample import PooledLayer, halves
from rivalry.numerics.bootstrap import Interval
from rivalry.numerics.separation import auroc
from rivalry.recording.observation import Listening


@dataclass(frozen=True)
class LayerFinding:
    """What is found in one layer.

    Attributes:
        decodability: AUROC of a linear probe for the mark.
        floor: The same in the twin with random weights.
        decodability_null: AUROC of a probe for the null mark.
        concept: The mark's direction and the target's logit.
        concept_null: The null mark's direction.
        auroc: Of every unit, marked against clean.
        auroc_null: Of every unit, null-marked against clean.
        carriers: The units that carry the mark.
        effective_rank: Of the clean, the marked and the null-marked render beside the marks, means over pictures; NaN
            of a layer without places.
        winner_entropy: Of the clean, the marked and the null-marked pictures; NaN where units do not compete.
    """

    decodability: Interval
    floor: Interval
    decodability_null: Interval
    concept: ConceptTest
    concept_null: ConceptTest
    auroc: Float[Tensor, " units"]
    auroc_null: Float[Tensor, " units"]
    carriers: Carriers
    effective_rank: tuple[float, float, float]
    winner_entropy: tuple[float, float, float]


@dataclass(frozen=True)
class Judging:
    """What judges all layers alike.

    Attributes:
        listening: What the analysis was told at its start.
        target: The class of the mark.
        pictures: Those of the sample's first pictures that are silenced, in the order of the sample.
        seed: Of splits, permutations and random units.
    """

    listening: Listening
    target: int
    pictures: Pictures | None
    seed: int

    def judge(
        self,
        layer: str,
        axis: int,
        pooled: PooledLayer,
        gradients: Float[Tensor, "pictures units"],
        floor: Interval,
        effective_rank: tuple[float, float, float],
        winner_entropy: tuple[float, float, float],
    ) -> LayerFinding:
        """Find what there is in a layer."""
        clean, marked, null = pooled.values
        return LayerFinding(
            decodability(clean, marked, seed=self.seed),
            floor,
            decodability(clean, null, seed=self.seed),
            judge_direction(clean, marked, gradients, seed=self.seed),
            judge_direction(clean, null, gradients, seed=self.seed),
            auroc(pooled.detectors[1], pooled.detectors[0]),
            auroc(pooled.detectors[2], pooled.detectors[0]),
            self._carriers(layer, axis, pooled),
            effective_rank,
            winner_entropy,
        )

    def _carriers(self, layer: str, axis: int, pooled: PooledLayer) -> Carriers:
        """Choose carriers on one half of the pictures and judge them on the other."""
        if self.pictures is None:
            return Carriers(None, *[math.nan] * 6)
        rows = torch.searchsorted(pooled.index, self.pictures.index)
        first, second = halves(len(rows), seed=self.seed)
        chosen = rows[first.to(rows.device)]
        silencing = Silencing(self.listening, layer, axis, self.target, pooled.values[0, chosen].mean(0))
        return silencing.find(
            _half(self.pictures, first),
            _half(self.pictures, second),
            pooled.detectors[1, chosen],
            pooled.detectors[0, chosen],
            seed=self.seed,
        )


def _half(pictures: Pictures, places: Tensor) -> Half:
    places = places.to(pictures.clean.device)
    return Half(pictures.clean[places], pictures.marked.images[places], pictures.labels[places])
