"""Which units of a layer answer alike: Pearson's correlation of their pooled activations, picture by picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.dissection.profiles.centred import centred

_AT_ONCE = 2**24
"""Correlations that are looked at together: 67 MB."""


@dataclass(frozen=True)
class Neighbours:
    """The units nearest to each unit of a layer, nearest first.

    Attributes:
        units: Where ``known`` is false, any.
        cosines: Centred cosines, which are Pearson's correlations, in [-1, 1].
        known: False where there is no further neighbour.
    """

    units: Int[Tensor, "units nearest"]
    cosines: Float[Tensor, "units nearest"]
    known: Bool[Tensor, "units nearest"]


def nearest_units(values: Float[Tensor, "samples units"], count: int) -> Neighbours:
    """Find the units that are most correlated with each; a unit that never varies neither has nor is a neighbour.

    Time is units² × samples; memory 4 bytes × samples × units and 67 MB.

    Args:
        values: Pooled activations, one row a picture.
        count: Neighbours to find; fewer where the layer has no more.

    >>> nearest_units(torch.tensor([[0.0, 0.0, 1.0], [1.0, 2.0, 0.0]]), 1).units.flatten()
    tensor([1, 0, 0])
    """
    columns, units = centred(values), values.shape[1]
    varies = (columns != 0).any(0)
    count = min(count, units - 1)
    blocks = [
        _nearest_of(columns, varies, block, count)
        for block in torch.split(torch.arange(units, device=values.device), max(1, _AT_ONCE // units))
    ]
    cosines, found = (torch.cat(parts) for parts in zip(*blocks, strict=True))
    known = cosines > -torch.inf
    return Neighbours(found, cosines.clamp(-1.0, 1.0), known & varies[:, None])


def _nearest_of(columns: Tensor, varies: Tensor, block: Tensor, count: int) -> tuple[Tensor, Tensor]:
    cosines = columns[:, block].T @ columns
    cosines.masked_fill_(~varies, -torch.inf)
    cosines[torch.arange(len(block), device=block.device), block] = -torch.inf
    best = cosines.topk(count, dim=1)
    return best.values, best.indices
