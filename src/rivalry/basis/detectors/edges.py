"""Levels of every unit, of which thresholds are chosen: quantiles of a sample of its activations.

Bau et al. (2017) let a unit's threshold be the 0.995 quantile over all places of its own maps, Bau et al. (2020) the
0.99 quantile over the pixels of the upsampled maps. Both are edges here, with others close by, so that the threshold of
the whole probe set can be counted to within an eighth of its share where the sample is not the whole. The other edges
spread over the pixels at which the unit gives more than its least, for AUROC and thresholds chosen by concept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.basis.detectors.bilinear import upsample_at
from rivalry.basis.detectors.thinning import Thinned

NEAR = tuple(2 ** (step / 6) for step in range(-6, 7))
"""Multiples of the wanted share that exceed the edges about a quantile: half to double, by an eighth."""

CLOSE = (1, 3)
"""Values by which two further edges are exceeded less than by the wanted share."""

SPREAD = (
    *(0.0003, 0.001, 0.002, 0.004, 0.007, 0.011, 0.015, 0.02, 0.03, 0.04, 0.055, 0.075),
    *(0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45),
    *(0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95),
)
"""Shares, of the pixels above the lowest, that exceed the edges in between; more of them where few do."""

_SPREAD_FROM = 8192  # pixels

_PIXELS = 4
"""Times fewer pixels than places are kept: each takes four places to compute, and there are always too many of them."""


class EdgeSample:
    """A sample of the activations of a layer's units, or of directions.

    Where all places fit the limit, the quantile of places is exact, as long as the pass gives the same values again;
    where all pixels fit a quarter of it, that of pixels. Memory is 5 bytes × units × limit, three times that for the
    moment in which ranks are put together.

    Args:
        units: Their number.
        limit: Places kept, of all ranks together; of pixels a quarter of it.
        zero: Whether zero is an edge: the threshold of directions that have learned their bias.
        level: Share of places that may exceed a unit's threshold (2017).
        pixel_level: Share of pixels that may exceed it (2020).
        device: Where the sample is kept.

    Raises:
        ValueError: If a level is not between 0 and 1, nothing is to be kept, or the sample takes more than 2 GiB.
    """

    def __init__(
        self,
        units: int,
        *,
        limit: int = 100_000,
        zero: bool = False,
        level: float = 0.005,
        pixel_level: float = 0.01,
        device: torch.device | None = None,
    ) -> None:
        for one in (level, pixel_level):
            if not 0 < one < 1:
                raise ValueError(f"the share of values above a threshold is between 0 and 1, such as 0.005; got {one}")
        self.zero, self.level, self.pixel_level = zero, level, pixel_level
        self._positions = Thinned(units, limit, device)
        self._pixels = Thinned(units, max(1, limit // _PIXELS), device)

    def add(
        self,
        maps: Float[Tensor, "batch units rows columns"],
        mask_size: tuple[int, int],
        index: Int[Tensor, " batch"],
    ) -> None:
        """Add a batch of maps.

        Args:
            maps: Of the units.
            mask_size: Height and width of the masks.
            index: Of the pictures in their data set; each comes once.

        Raises:
            ValueError: If an activation is not finite.
        """
        maps = maps.detach().float()
        if not bool(maps.isfinite().all()):
            raise ValueError("some activations are not finite; they have no quantiles")
        places = maps.movedim(1, -1).flatten(0, 2)
        self._positions.add(index, maps.shape[2] * maps.shape[3], lambda chosen: places[chosen.to(maps.device)])
        self._pixels.add(
            index, mask_size[0] * mask_size[1], lambda chosen: upsample_at(maps, mask_size, chosen.to(maps.device))
        )

    def compute(self) -> Float[Tensor, "units edges"]:
        """The edges of every unit, ascending, as many for each; some repeat. A collective.

        Raises:
            ValueError: If there was no picture.
        """
        positions, pixels = self._positions.compute().T.contiguous(), self._pixels.compute().T.contiguous()
        if not positions.shape[1]:
            raise ValueError("there was no picture to sample levels of activation from")
        edges = [
            positions.amin(1, keepdim=True),
            _spread(pixels),
            exceeded_by(positions, _shares_about(self.level, positions.shape[1])),
            exceeded_by(pixels, _shares_about(self.pixel_level, pixels.shape[1])),
            *([torch.zeros_like(positions[:, :1])] if self.zero else []),
        ]
        return torch.cat(edges, 1).sort(1).values


def exceeded_by(values: Float[Tensor, "units values"], shares: Sequence[float]) -> Float[Tensor, "units shares"]:
    """For each share the lowest value that at most this share of the values exceeds.

    >>> exceeded_by(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), [0.0, 0.25, 0.5])
    tensor([[4., 3., 2.]])
    """
    count = values.shape[1]
    ranks = [min(math.floor(share * count + 1e-6), count - 1) for share in shares]
    highest = values.topk(max(ranks) + 1, dim=1).values
    return highest[:, ranks]


def _shares_about(level: float, count: int) -> list[float]:
    """Shares near a wanted one, also of hardly fewer values: the pass may round values otherwise than the sample."""
    return [level * near for near in NEAR] + [max(level - fewer / count, 0.0) for fewer in CLOSE]


def _spread(values: Float[Tensor, "units values"]) -> Float[Tensor, "units shares"]:
    """Edges among each unit's values above its lowest; ReLU units give zero most of the time."""
    ordered = values[:, :_SPREAD_FROM].sort(1).values  # they come in the order of chance
    count = (ordered > ordered[:, :1]).sum(1, keepdim=True)
    back = (torch.tensor(SPREAD, device=values.device) * count).long() + 1
    return ordered.gather(1, (ordered.shape[1] - back).clamp(min=0))
