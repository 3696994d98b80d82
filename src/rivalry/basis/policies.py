"""What the units of a layer detect, by each way to make masks of what they give.

A policy says where a unit's mask is:

- ``quantile``: above the level that a share of the places of its own maps exceeds (Bau et al. 2017);
- ``quantile_2020``: above the level that a share of the pixels of its upsampled maps exceeds (Bau et al. 2020);
- ``chosen``: for each concept above the level of the best IoU on the half that chooses;
- ``bias``: above zero, for directions that have learned their biases;
- ``wins``: where it wins its block, for units that compete.

Who marks every pixel has an IoU of f, the share that the concept covers, and a unit whose level is chosen may do that.
``beyond`` marks as ``chosen`` does and counts what is more, (IoU − f) / (1 − f), 0 where it is less (ours).

A unit is called by the concept of its largest IoU on the half of the pictures that chooses, and scored on the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.basis.detectors import Counts, WinCounts
from rivalry.basis.detectors.scores import (
    NO_THRESHOLD,
    Of,
    at_label,
    chosen_thresholds,
    iou,
    labels_of,
    reached,
    threshold_of,
    zero_threshold,
)
from rivalry.basis.detectors.trap import ceiling

QUANTILE, QUANTILE_2020, CHOSEN, BIAS, WINS = "quantile", "quantile_2020", "chosen", "bias", "wins"
POLICIES = (QUANTILE, QUANTILE_2020, CHOSEN, BIAS, WINS)
"""All of them, in the order of tables."""

BEYOND = "beyond"
"""``chosen``, of which only what is beyond a mask of everything counts: for a comparison of bases."""

LEVEL_2020 = 0.01
"""Share of the upsampled pixels above a unit's threshold (Bau et al. 2020)."""


@dataclass(frozen=True)
class Detection:
    """IoU of a layer's units with concepts by one policy, and what follows from it.

    Attributes:
        train: On the half that chooses.
        validation: On the half that scores; the same where all pictures do both.
        area: Share that each concept covers of the pictures in which its category is labelled, on the half that scores:
            the IoU of a mask of everything.
        ceilings: The highest IoU that masks as large as these can have, on the half that scores.
        thresholds: Of every unit for every concept, NaN where there is none; None of wins.
        reached: Share of places, by ``quantile_2020`` of pixels, that exceeds each unit's threshold; None where a unit
            has no threshold of its own.
    """

    train: Float[Tensor, "units concepts"]
    validation: Float[Tensor, "units concepts"]
    area: Float[Tensor, " concepts"]
    ceilings: Float[Tensor, "units concepts"]
    thresholds: Float[Tensor, "units concepts"] | None = None
    reached: Float[Tensor, " units"] | None = None

    @cached_property
    def labels(self) -> Int[Tensor, " units"]:
        """The concept that each unit is called by; −1 where the half that chooses shows none."""
        return labels_of(self.train)

    @cached_property
    def iou_train(self) -> Float[Tensor, " units"]:
        """Each unit's IoU with its label where that was chosen."""
        return at_label(self.train, self.labels)

    @cached_property
    def iou(self) -> Float[Tensor, " units"]:
        """Each unit's IoU with its label on the half that scores; NaN where that half does not show the label."""
        return at_label(self.validation, self.labels)

    @cached_property
    def beyond_area(self) -> Bool[Tensor, " units"]:
        """Whether each unit's IoU is above what a mask of everything has: else it says nothing of the unit."""
        return self.iou > at_label(self.area[None].expand(len(self.labels), -1), self.labels)

    @cached_property
    def threshold(self) -> Float[Tensor, " units"] | None:
        """Each unit's threshold for its label; None of wins."""
        return None if self.thresholds is None else at_label(self.thresholds, self.labels)

    @cached_property
    def best_units(self) -> Int[Tensor, " concepts"]:
        """The unit of each concept's largest IoU on the half that chooses; −1 where that does not show the concept."""
        return labels_of(self.train.T)

    @cached_property
    def best_iou(self) -> Float[Tensor, " concepts"]:
        """The IoU of that unit on the half that scores."""
        return at_label(self.validation.T, self.best_units)


def by_policy(
    counts: Counts, wins: WinCounts | None, *, level: float, level_2020: float = LEVEL_2020, zero: bool
) -> dict[str, Detection]:
    """What a layer's units detect by every policy that there is for it.

    Args:
        counts: Of both halves, or of all pictures as one.
        wins: Of a layer that competes.
        level: Share of places above a unit's threshold.
        level_2020: Share of pixels above it, for the variant of 2020.
        zero: Whether zero is an edge, so that ``bias`` can be scored.
    """
    found = {
        QUANTILE: _by_level(counts, level, "positions"),
        QUANTILE_2020: _by_level(counts, level_2020, "pixels"),
        CHOSEN: _by_places(counts, chosen_thresholds(counts)),
    }
    if zero:
        found[BIAS] = _by_places(counts, zero_threshold(counts))
    if wins is not None:
        found[WINS] = _by_wins(wins, counts.area_share[-1])
    return found


def beyond_everything(one: Detection, area_share: Float[Tensor, "halves concepts"]) -> Detection:
    """The same with every IoU as what it has beyond that of a mask of everything.

    Args:
        one: By ``chosen``.
        area_share: Of the concepts on either half, which is what a mask of everything has; NaN comes of 1.
    """
    return replace(one, train=_beyond(one.train, area_share[0]), validation=_beyond(one.validation, area_share[-1]))


def _beyond(
    ious: Float[Tensor, "units concepts"], share: Float[Tensor, " concepts"]
) -> Float[Tensor, "units concepts"]:
    return ((ious - share) / torch.where(share < 1, 1 - share, torch.nan)).clamp(min=0)


def _by_level(counts: Counts, level: float, of: Of) -> Detection:
    places = threshold_of(counts, level, of)
    return _by_places(counts, places, reached(counts, places, of))


def _by_places(counts: Counts, places: Tensor, exceeded: Tensor | None = None) -> Detection:
    """Thresholds told by their places among the edges, a unit's or a unit's for each concept."""
    ious = iou(counts, places)
    by_concept = places if places.ndim == 2 else places[:, None].expand(-1, ious.shape[2])
    thresholds = counts.edges.gather(1, by_concept.clamp(min=0)).masked_fill(by_concept == NO_THRESHOLD, torch.nan)
    return Detection(ious[0], ious[-1], counts.area_share[-1], ceiling(counts, places)[-1], thresholds, exceeded)


def _by_wins(wins: WinCounts, area: Float[Tensor, " concepts"]) -> Detection:
    """The places where a unit wins, whatever it gives there."""
    ious = wins.iou()
    marked, concept = wins.labelled[-1][:, wins.categories].double(), wins.concept_pixels[-1].double()
    highest = torch.minimum(marked, concept) / torch.maximum(marked, concept)
    return Detection(ious[0], ious[-1], area, highest.masked_fill(concept == 0, torch.nan))
