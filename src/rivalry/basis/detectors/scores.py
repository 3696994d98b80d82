"""Thresholds and IoU, from counts.

    IoU(unit, concept) = |M ∩ C| / (|M on pictures in which the concept's category is labelled| + |C| − |M ∩ C|),

M being the pixels at which the unit's upsampled activation exceeds its threshold, C those of the concept (Bau et al.
2017). A threshold is told by its place among the unit's edges. A concept that a half does not show is NaN there.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.basis.detectors.counts import Counts

DETECTOR = 0.04
"""A unit detects a concept if its IoU is above this (Bau et al. 2017)."""

NO_THRESHOLD = -1
"""In place of an edge where none could be chosen."""

Of = Literal["positions", "pixels"]
"""What a level is a share of: places of the layer's own maps (2017), or pixels of the upsampled maps (2020)."""

_ELEMENTS_AT_ONCE = 2**23


def threshold_of(counts: Counts, level: float, of: Of = "positions") -> Int[Tensor, " units"]:
    """The lowest edge that at most a share of all values exceeds: T_k of Bau et al., with level 0.005 (2020: 0.01).

    Where the edges hold the quantile itself, that is ``sorted[ceil((1 − level) n) − 1]``, NumPy's "inverted_cdf"; else
    :func:`reached` says what share exceeds the edge. Where every edge is exceeded by more, it is the highest.

    Args:
        counts: Of one half or both; all of them count.
        level: Share that may exceed the threshold, from 0 to 1.
        of: What it is a share of.
    """
    exceeding, total = _exceeding(_of(counts, of)), _of(counts, of).sum(-1, keepdim=True)
    share = Fraction(level).limit_denominator(10**9)  # 0.005 · 600 is 3, and rounding must not make it less
    allowed = total * share.numerator // share.denominator
    return (exceeding > allowed).sum(1).clamp(max=exceeding.shape[1] - 1)


def reached(counts: Counts, places: Int[Tensor, " units"], of: Of = "positions") -> Float[Tensor, " units"]:
    """Share of all values that exceed each unit's threshold."""
    exceeding = _exceeding(_of(counts, of)).gather(1, places[:, None])[:, 0]
    return exceeding / _of(counts, of).sum(-1)


def zero_threshold(counts: Counts) -> Int[Tensor, " units"]:
    """The edge at zero: a direction that has learned its bias answers yes above it.

    Raises:
        ValueError: If some unit has no such edge (see ``zero`` of :class:`rivalry.basis.detectors.edges.EdgeSample`).
    """
    zero = counts.edges == 0
    if not bool(zero.any(1).all()):
        raise ValueError("no edge is zero: sample edges with zero=True where directions have learned their bias")
    return zero.int().argmax(1)


def iou(
    counts: Counts, places: Int[Tensor, " units"] | Int[Tensor, "units concepts"]
) -> Float[Tensor, "halves units concepts"]:
    """IoU of every unit with every concept, at a threshold a unit or one for each of its concepts."""
    both = _tallied(counts.shown, counts, places)
    found = over_union(both, marked_pixels(counts, places), counts.concept_pixels[:, None])
    by_concept = places if places.ndim == 2 else places[:, None]
    return found.masked_fill(by_concept == NO_THRESHOLD, torch.nan)


def marked_pixels(
    counts: Counts, places: Int[Tensor, " units"] | Int[Tensor, "units concepts"]
) -> Int[Tensor, "halves units concepts"]:
    """Pixels above the threshold, of the pictures in which the concept's category is labelled."""
    return _tallied(counts.labelled, counts, places, counts.categories)


def over_union(
    both: Int[Tensor, "halves units concepts"],
    marked: Int[Tensor, "halves units concepts"],
    concept: Int[Tensor, "halves _ concepts"],
) -> Float[Tensor, "halves units concepts"]:
    """Intersection over union; NaN for a concept that is not there.

    Args:
        both: Pixels of the concept that are marked.
        marked: Marked pixels, on pictures in which the concept's category is labelled.
        concept: Pixels of the concept.
    """
    found = both.double() / (marked + concept - both)
    return torch.where(concept > 0, found, torch.nan)


def chosen_thresholds(counts: Counts) -> Int[Tensor, "units concepts"]:
    """For each unit and concept the edge of the best IoU in the first half, the lowest of several.

    ``NO_THRESHOLD`` where the first half does not show the concept.
    """
    chosen = torch.empty(counts.shown.shape[1:3], dtype=torch.int64, device=counts.shown.device)
    concept = counts.concept_pixels[0][:, None]
    for units in groups_of_units(counts):
        both = _exceeding(counts.shown[0, units])
        marked = _exceeding(counts.labelled[0, units])[:, counts.categories]
        chosen[units] = (both.double() / (marked + concept - both)).argmax(-1)
    return torch.where(concept[:, 0] > 0, chosen, NO_THRESHOLD)


def labels_of(iou: Float[Tensor, "units concepts"]) -> Int[Tensor, " units"]:
    """Each unit's concept of the highest IoU, the first of several; −1 where all are NaN.

    >>> labels_of(torch.tensor([[0.1, float("nan"), 0.3], [float("nan")] * 3]))
    tensor([ 2, -1])
    """
    if iou.shape[1] == 0:
        return torch.full((len(iou),), -1, device=iou.device)
    known = iou.nan_to_num(nan=-1.0)
    return torch.where(iou.isnan().all(1), -1, known.argmax(1))


def at_label(scores: Float[Tensor, "units concepts"], labels: Int[Tensor, " units"]) -> Float[Tensor, " units"]:
    """Each unit's score for its label; NaN where it has none.

    >>> at_label(torch.tensor([[0.1, 0.3], [0.2, 0.4]]), torch.tensor([1, -1]))
    tensor([0.3000,    nan])
    """
    if scores.shape[1] == 0:
        return torch.full((len(scores),), torch.nan, dtype=scores.dtype, device=scores.device)
    found = scores.gather(1, labels.clamp(min=0)[:, None])[:, 0]
    return found.masked_fill(labels < 0, torch.nan)


def _of(counts: Counts, of: Of) -> Int[Tensor, "units bins"]:
    return (counts.positions if of == "positions" else counts.pixels).sum(0)


def _exceeding(histogram: Int[Tensor, "*any bins"]) -> Int[Tensor, "*any edges"]:
    """How many values exceed each edge: those of all bins above it."""
    return histogram.sum(-1, keepdim=True) - histogram.cumsum(-1)[..., :-1]


def _tallied(
    histogram: Int[Tensor, "halves units rows bins"],
    counts: Counts,
    places: Int[Tensor, " units"] | Int[Tensor, "units concepts"],
    rows: Int[Tensor, " concepts"] | None = None,
) -> Int[Tensor, "halves units concepts"]:
    """What exceeds the thresholds, of a histogram of concepts, or of the rows of one that are theirs."""
    shape = counts.shown.shape[:3]
    by_concept = (places if places.ndim == 2 else places[:, None]).expand(shape[1:]).clamp(min=0)
    found = torch.empty(shape, dtype=torch.int64, device=histogram.device)
    for units in groups_of_units(counts):
        exceeding = _exceeding(histogram[:, units])
        exceeding = exceeding if rows is None else exceeding[:, :, rows]
        found[:, units] = exceeding.gather(3, by_concept[None, units, :, None].expand(len(found), -1, -1, 1))[..., 0]
    return found


def groups_of_units(counts: Counts) -> Iterator[slice]:
    """Units in groups: all thresholds of all at once would take as much memory as the counts."""
    halves, units, concepts, bins = counts.shown.shape
    size = max(1, _ELEMENTS_AT_ONCE // max(halves * concepts * bins, 1))
    return (slice(first, first + size) for first in range(0, units, size))
