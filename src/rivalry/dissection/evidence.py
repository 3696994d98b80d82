"""The evidence L of ``wpmi`` and ``soft_wpmi`` for all units of a layer, a tile of words at a time.

A term of either is the logarithm of ``c_r + p_r S_r`` (see :mod:`rivalry.dissection.similarity`), so that

    L = Σ_r log c_r + log Π_r (1 + S_r p_r / c_r)

An image where the unit did not win counts as S = 0. The softmax S over all words takes its normaliser from a first
pass; it is made again for each tile, of the images that are some unit's top image.

Memory is 4 bytes × images × words of a tile and some tens of bytes × units × words of a tile: neither samples ×
concepts nor units × concepts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.dissection.products import add_log_products

_ROWS, _COLUMNS = 2048, 2048
"""Images and words at a time in the first pass."""


@dataclass(frozen=True)
class Terms:
    """The terms ``c_r + p_r S_r`` of a formula, r from the strongest image.

    Attributes:
        scale: The factor a on the cosines before the softmax.
        floors: c_r, the chance that is left where S is 0; above 0.
        slopes: p_r.
    """

    scale: float
    floors: tuple[float, ...]
    slopes: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        """p_r / c_r."""
        return [slope / floor for slope, floor in zip(self.slopes, self.floors, strict=True)]


def log_normalisers(
    images: Float[Tensor, "samples features"], words: Float[Tensor, "concepts features"], scale: float
) -> Float[Tensor, " samples"]:
    """``log Σ_t exp(a P_t)`` of every image: the first pass, needed once for all layers.

    Args:
        images: Features of unit length.
        words: Features of unit length of the whole vocabulary.
        scale: The factor a, 80 at most: no exponential leaves float32 then.

    >>> log_normalisers(torch.tensor([[1.0, 0.0]]), torch.eye(2), 0.0).exp()
    tensor([2.])
    """
    found = torch.empty(len(images), device=images.device)
    for row in range(0, len(images), _ROWS):
        some = scale * images[row : row + _ROWS]
        total = torch.zeros(len(some), dtype=torch.float64, device=images.device)
        for column in range(0, len(words), _COLUMNS):
            total += (some @ words[column : column + _COLUMNS].T).exp_().sum(1)
        found[row : row + _ROWS] = total.log()
    return found


def evidence_tiles(
    terms: Terms,
    top: Int[Tensor, "units k"],
    images: Float[Tensor, "samples features"],
    normalisers: Float[Tensor, " samples"],
    words: Float[Tensor, "concepts features"],
) -> Iterator[tuple[int, Float[Tensor, "units tile"]]]:
    """Yield the place of each tile's first word, and L of all units for the tile's words, in float64.

    A unit with n < k top images has its L scaled by k/n. The tensor is written over when the next is asked for.

    Args:
        terms: The formula, for k ranks.
        top: Rows of ``images``, strongest first; -1 where a unit has no more wins; one win at least.
        images: Features of unit length of the images that ``top`` speaks of.
        normalisers: Of these images, over all words.
        words: Features of unit length of the whole vocabulary.
    """
    width = _words_at_once(len(images), images.device)
    absent = len(images)  # one row more, of zeros
    rows = torch.where(top < 0, absent, top)
    weight = top.shape[1] / (top >= 0).sum(1, keepdim=True).double()
    floor = (top >= 0).double() @ torch.tensor(terms.floors, dtype=torch.float64, device=top.device).log()[:, None]
    for first in range(0, len(words), width):
        tile = words[first : first + width]
        if first == 0 or len(tile) != width:
            chance = torch.zeros(absent + 1, len(tile), device=images.device)
            evidence = torch.empty(len(top), len(tile), dtype=torch.float64, device=images.device)
            room = torch.empty_like(evidence)
        torch.addmm(-normalisers[:, None], images, tile.T, alpha=terms.scale, out=chance[:absent]).exp_()
        evidence.copy_(floor.expand_as(evidence))
        add_log_products(chance, rows, terms.ratios, evidence, room)
        yield first, evidence.mul_(weight)


def _words_at_once(samples: int, device: torch.device) -> int:
    """Words of a tile: enough for a matrix product at its best, fewer where many images make them dear."""
    most, elements = (256, 2**24) if device.type == "cpu" else (2048, 2**26)
    return min(most, max(64, elements // max(1, samples)))
