"""The trap of a fixed quantile: a concept much smaller or larger than a unit's mask is detected by nobody.

A mask of the share q and a concept of the share f of the same pixels overlap by min(f, q) at most and cover max(f, q)
at least, so

    IoU ≤ min(f, q) / max(f, q) .

At q = 0.005 that is above 0.04 for 0.02 % < f < 12.5 % alone (our own derivation; Bau et al. do not state it).
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.basis.detectors.counts import Counts
from rivalry.basis.detectors.scores import DETECTOR, marked_pixels


def best_possible_iou(area_share: Float[Tensor, "*concepts"], level: float) -> Float[Tensor, "*concepts"]:
    """The highest IoU of a unit that marks a stated share of pixels.

    It holds for a unit that is active as often on the pictures in which the concept's category is labelled as on all;
    :func:`ceiling` is what holds for each unit as it is.

    Args:
        area_share: Of the concept, in pictures in which its category is labelled.
        level: Share of pixels that the unit marks.

    >>> best_possible_iou(torch.tensor([0.0001, 0.005, 0.5]), 0.005)
    tensor([0.0200, 1.0000, 0.0100])
    """
    mask = torch.as_tensor(level, dtype=area_share.dtype, device=area_share.device)
    return torch.minimum(area_share, mask) / torch.maximum(area_share, mask)


def undetectable(
    area_share: Float[Tensor, "*concepts"], level: float, detector: float = DETECTOR
) -> Bool[Tensor, "*concepts"]:
    """Concepts whose best possible IoU does not exceed that of a detector; not those that are nowhere shown.

    >>> undetectable(torch.tensor([0.0001, 0.005, 0.5, float("nan")]), 0.005)
    tensor([ True, False,  True, False])
    """
    return best_possible_iou(area_share, level) <= detector


def ceiling(
    counts: Counts, places: Int[Tensor, " units"] | Int[Tensor, "units concepts"]
) -> Float[Tensor, "halves units concepts"]:
    """The highest IoU that each unit could have with each concept, given how many pixels it marks at its threshold.

    NaN where a half does not show the concept.
    """
    marked, concept = marked_pixels(counts, places).double(), counts.concept_pixels[:, None].double()
    best = torch.minimum(marked, concept) / torch.maximum(marked, concept)
    return torch.where(concept > 0, best, torch.nan)
