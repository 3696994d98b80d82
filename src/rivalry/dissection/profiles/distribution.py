"""How the pooled activations of a unit are distributed over the pictures in which it won: histogram and quantiles."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

BINS = 20
"""Of a histogram."""

_AT_ONCE = 2**22
"""Values that are sorted together: 50 MB."""


@dataclass(frozen=True)
class Histograms:
    """One histogram a unit; of units that won in no picture all is 0.

    Attributes:
        edges: Of the bins, from the lowest to the highest activation; the highest belongs to the last bin.
        counts: Pictures.
    """

    edges: Float[Tensor, "units edges"]
    counts: Int[Tensor, "units bins"]


@dataclass(frozen=True)
class Quantiles:
    """Pictures at levels of each unit's activation, the highest first; fewer for units that won in fewer.

    Attributes:
        places: Rows of the pictures; -1 where there are no more.
        levels: Shares of the pictures that lie lower, in (0, 1); NaN where there are no more.
    """

    places: Int[Tensor, "units quantiles"]
    levels: Float[Tensor, "units quantiles"]


def histograms(
    values: Float[Tensor, "samples units"], won: Bool[Tensor, "samples units"], bins: int = BINS
) -> Histograms:
    """Count each unit's activations in equal bins.

    A unit whose activations are all the same has bins as wide together as the activation is large, or 1 for a 0.

    Args:
        values: Pooled activations, one row a picture.
        won: Which of them count.
        bins: How many.

    >>> histograms(torch.tensor([[1.0], [2.0], [3.0]]), torch.ones(3, 1, dtype=torch.bool), 2).counts
    tensor([[1, 2]])
    """
    units = values.shape[1]
    edges = torch.zeros(units, bins + 1, dtype=torch.float64, device=values.device)
    counts = torch.zeros(units, bins, dtype=torch.int64, device=values.device)
    if not len(values):
        return Histograms(edges, counts)
    for block in _blocks(values):
        exact, here = values[:, block].double(), won[:, block]
        lowest, highest = _ends(exact, here)
        share = torch.arange(bins + 1, dtype=torch.float64, device=values.device) / bins
        edges[block] = lowest[:, None] * (1 - share) + highest[:, None] * share
        place = ((exact - lowest) / (highest - lowest) * bins).floor().clamp(0, bins - 1).long()
        counts[block] = counts[block].scatter_add_(1, place.T, here.T.long())
    won_once = won.any(0)
    return Histograms(edges.where(won_once[:, None], 0.0), counts)


def quantiles(values: Float[Tensor, "samples units"], won: Bool[Tensor, "samples units"], count: int) -> Quantiles:
    """Choose for each unit pictures that lie evenly among those in which it won, no picture twice.

    Of n pictures by ascending activation, and of equal ones by ascending row, level p is the one at ⌊p n⌋; the levels
    are those in the middle of ``count`` equal parts, or of n where these are fewer.

    Args:
        values: Pooled activations, one row a picture.
        won: Which of them count.
        count: Pictures a unit.

    >>> quantiles(torch.tensor([[1.0], [4.0], [3.0], [2.0]]), torch.ones(4, 1, dtype=torch.bool), 2)
    Quantiles(places=tensor([[1, 3]]), levels=tensor([[0.7500, 0.2500]], dtype=torch.float64))
    """
    units, device = values.shape[1], values.device
    places = torch.full((units, count), -1, dtype=torch.int64, device=device)
    levels = torch.full((units, count), torch.nan, dtype=torch.float64, device=device)
    if not len(values) or not count:
        return Quantiles(places, levels)
    rank = torch.arange(count, device=device)
    for block in _blocks(values):
        order = values[:, block].masked_fill(~won[:, block], torch.inf).sort(dim=0, stable=True).indices
        wins = won[:, block].sum(0)[:, None]
        parts = wins.clamp(max=count)
        there = rank < parts
        doubled = 2 * (parts - rank) - 1  # the level is this over 2 · parts, and whole numbers do not round
        place = (doubled * wins // (2 * parts.clamp(min=1))).clamp(0, len(values) - 1)
        places[block] = order.T.gather(1, place).where(there, -1)
        levels[block] = (doubled.double() / (2 * parts.clamp(min=1))).where(there, torch.nan)
    return Quantiles(places, levels)


def _blocks(values: Tensor) -> tuple[Tensor, ...]:
    """Some units at a time."""
    samples, units = values.shape
    return torch.split(torch.arange(units, device=values.device), max(1, _AT_ONCE // max(samples, 1)))


def _ends(values: Tensor, won: Tensor) -> tuple[Tensor, Tensor]:
    """Lowest and highest value that counts, apart from each other; 0 and 1 where none does."""
    won_once = won.any(0)
    lowest = values.masked_fill(~won, torch.inf).amin(0).where(won_once, 0.0)
    highest = values.masked_fill(~won, -torch.inf).amax(0).where(won_once, 1.0)
    half = torch.where(lowest == 0, 0.5, lowest.abs() / 2)
    same = lowest == highest
    return torch.where(same, lowest - half, lowest), torch.where(same, highest + half, highest)
