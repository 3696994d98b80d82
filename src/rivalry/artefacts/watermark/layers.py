"""What is found in one layer: how well the mark can be read there, its direction, its detectors and its carriers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.artefacts.watermark.carriers import Carriers, Half, Trial
from rivalry.artefacts.watermark.concept_vector import ConceptTest, judge_direction
from rivalry.artefacts.watermark.decodability import decodability
from rivalry.artefacts.watermark.pictures import Pictures
from rivalry.artefacts.watermark.sample import PooledLayer
from rivalry.numerics.bootstrap import Interval
from rivalry.numerics.sampling import halves
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


class Judging:
    """Judges all layers alike.

    Args:
        listening: What the analysis was told at its start.
        target: The class of the mark.
        pictures: Those of the sample on which units are silenced, four at least; None where there are not as many.
        seed: Of splits, permutations and random units.
    """

    def __init__(self, listening: Listening, target: int, pictures: Pictures | None, seed: int) -> None:
        self.seed, self._trial = seed, None
        if pictures is not None:
            first, second = halves(len(pictures.index), seed=seed)
            self._chosen = pictures.index[first.to(pictures.index.device)]
            self._trial = Trial(listening, target, _half(pictures, first), _half(pictures, second), seed=seed)

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
        if self._trial is None:
            return Carriers(None, *[math.nan] * 6)
        rows = torch.searchsorted(pooled.index, self._chosen)
        return self._trial.find(layer, axis, pooled.values[0, rows], pooled.detectors[:, rows])


def _half(pictures: Pictures, places: Tensor) -> Half:
    places = places.to(pictures.clean.device)
    return Half(pictures.clean[places], pictures.marked.images[places], pictures.labels[places])
