"""How well a unit tells a concept from the rest, at all thresholds at once: AUROC and average precision over pixels.

Positives are the pixels of the concept, negatives all others of the pictures in which its category is labelled. Values
in one bin of the counts tie; what that can hide is stated as an error. What the lowest bin holds does tie wherever
nothing lies below the lowest edge, as at the zeros of ReLU.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.basis.detectors.counts import Counts
from rivalry.basis.detectors.scores import groups_of_units


def auroc(counts: Counts) -> Float[Tensor, "halves units concepts"]:
    """Chance that a pixel of the concept has a higher value than another pixel, ties counting half.

    In [0, 1]; 0.5 for a unit that knows nothing. NaN where a half shows no pixel of the concept, or no other.
    """
    return _by_units(counts, _auroc)


def auroc_error(counts: Counts) -> Float[Tensor, "halves units concepts"]:
    """How far :func:`auroc` can lie from that of the values themselves: half the pairs that share a bin."""
    return _by_units(counts, _auroc_error)


def average_precision(counts: Counts) -> Float[Tensor, "halves units concepts"]:
    """Area under the precision–recall curve without interpolation, pixels of one bin taken together.

    In [0, 1]; a unit that knows nothing has the concept's share of pixels. NaN where a half does not show the concept.
    """
    return _by_units(counts, _average_precision)


def average_precision_error(counts: Counts) -> Float[Tensor, "halves units concepts"]:
    """A bound on how far :func:`average_precision` lies from that of the values themselves.

    Within a bin the concept's pixels come first at best, last at worst.
    """
    return _by_units(counts, _average_precision_error)


def _by_units(
    counts: Counts, score: Callable[[Tensor, Tensor, Tensor], Tensor]
) -> Float[Tensor, "halves units concepts"]:
    """A score of positives, negatives and doubts by bin, for as many units at a time as fit."""
    parts = []
    for units in groups_of_units(counts):
        positives = counts.shown[:, units].double()
        negatives = counts.labelled[:, units][:, :, counts.categories] - positives
        doubtful = torch.ones_like(positives[:, :, :1])
        doubtful[..., 0] = counts.below[:, units, None] > 0
        parts.append(score(positives, negatives, doubtful))
    return torch.cat(parts, 1)


def _auroc(positives: Tensor, negatives: Tensor, _: Tensor) -> Tensor:
    below = negatives.cumsum(-1) - negatives / 2
    return (positives * below).sum(-1) / (positives.sum(-1) * negatives.sum(-1))


def _auroc_error(positives: Tensor, negatives: Tensor, doubtful: Tensor) -> Tensor:
    return (positives * negatives * doubtful).sum(-1) / 2 / (positives.sum(-1) * negatives.sum(-1))


def _average_precision(positives: Tensor, negatives: Tensor, _: Tensor) -> Tensor:
    precision = _precision(_from_above(positives), _from_above(negatives))
    return (positives * precision).sum(-1) / positives.sum(-1)


def _average_precision_error(positives: Tensor, negatives: Tensor, doubtful: Tensor) -> Tensor:
    true, false = _from_above(positives), _from_above(negatives)
    precision = _precision(true, false)
    best = _precision(true, false - negatives)
    worst = _precision(true - positives + 1, false)
    furthest = torch.maximum(best - precision, precision - worst)
    return (positives * furthest * doubtful).sum(-1) / positives.sum(-1)


def _from_above(bins: Tensor) -> Tensor:
    """Of each bin and all above it."""
    return bins.flip(-1).cumsum(-1).flip(-1)


def _precision(true: Tensor, false: Tensor) -> Tensor:
    """Share of true ones; 0 of none."""
    return true / (true + false).clamp(min=1)
