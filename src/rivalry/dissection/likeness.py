"""How alike each unit's top images are to CLIP: the scores of :mod:`rivalry.numerics.semantics` of a whole layer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.dissection.layer_stream import LayerSummary
from rivalry.numerics.semantics import (
    EXAMPLES,
    clarity,
    monosemanticity,
    monosemanticity_of_all,
    polysemanticity,
    redundancy,
    unit_interval,
)
from rivalry.recording.top_images import Ranking

_ELEMENTS_AT_ONCE = 2**24


@dataclass(frozen=True)
class Likeness:
    """Scores of a layer's units; NaN where there are too few images: fewer than two, or none for redundancy.

    Attributes:
        clarity: See :mod:`rivalry.numerics.semantics`.
        redundancy: Among the layer's living units.
        polysemanticity: Likewise.
        monosemanticity: Over all images where the similarity looks at all, else over the top images.
    """

    clarity: Float[Tensor, " units"]
    redundancy: Float[Tensor, " units"]
    polysemanticity: Float[Tensor, " units"]
    monosemanticity: Float[Tensor, " units"]


def likeness_of(
    summary: LayerSummary, indices: Int[Tensor, " samples"], images: Float[Tensor, "samples features"]
) -> Likeness:
    """Score a layer.

    Args:
        summary: What was heard of it.
        indices: The images that CLIP has seen, ascending: all top images at least.
        images: Their features, of unit length.
    """
    places = torch.searchsorted(indices, summary.top.images).masked_fill(summary.top.images < 0, -1)
    shown = places[:, :EXAMPLES]
    count = (shown >= 0).sum(1)
    found = {name: images.new_full(count.shape, math.nan) for name in ("clarity", "polysemanticity", "redundancy")}
    centres = images.new_zeros(len(count), images.shape[1])
    for number in sorted(set(count.tolist()) - {0}):
        for units in _some_at_once((count == number).nonzero().flatten(), number * images.shape[1]):
            features = images[shown[units, :number]]
            centres[units] = features.mean(1)
            if number > 1:
                found["clarity"][units] = clarity(features)
                found["polysemanticity"][units] = polysemanticity(features).to(images.dtype)
    living = count > 0
    if bool(living.any()):
        found["redundancy"][living] = redundancy(centres[living])
    if summary.rows is not None:
        weights = unit_interval(summary.rows.values.T, *summary.extremes).T
        meaning = monosemanticity_of_all(weights, images)
    else:
        meaning = _of_top_images(summary, places, images)
    return Likeness(**found, monosemanticity=meaning.masked_fill(~living, math.nan))


def mean_cosine(images: Float[Tensor, "samples features"]) -> float:
    """Mean cosine of any two of the images: what clarity and monosemanticity are where a unit's images are chance.

    NaN where there are fewer than two.
    """
    return float(clarity(images[None])) if len(images) > 1 else math.nan


def _of_top_images(summary: LayerSummary, places: Tensor, images: Tensor) -> Float[Tensor, " units"]:
    weights = _weights(summary.top, summary.extremes)
    if not len(images):
        return weights.new_full((len(weights),), math.nan)
    groups = _some_at_once(torch.arange(len(places), device=places.device), places.shape[1] * images.shape[1])
    return torch.cat([monosemanticity(weights[units], images[places[units].clamp(min=0)]) for units in groups])


def _weights(top: Ranking, extremes: Float[Tensor, "2 units"]) -> Float[Tensor, "units k"]:
    lowest, highest = extremes
    values = torch.where(top.images >= 0, top.values, lowest[:, None])
    return unit_interval(values, lowest, highest)


def _some_at_once(units: Tensor, elements: int) -> tuple[Tensor, ...]:
    return torch.split(units, max(1, _ELEMENTS_AT_ONCE // elements))
