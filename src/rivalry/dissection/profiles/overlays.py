"""Where in its sample pictures a unit answers, in 256 steps that are the same for all samples of the unit.

    level = 255 · max(a, 0) / m,        m the highest a among the unit's samples

for the activation a at a position, which is 0 where the unit lost. Of a unit that wins with negative activations alone,
|a| stands in place of max(a, 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.dissection.profiles.boxes import extents
from rivalry.dissection.profiles.samples import LayerSamples, Real, Whole
from rivalry.recording.ranks import rank_and_world, sum_over_ranks

_STEPS = 32767
"""Of a position, to either side of zero, until the scale of its unit is known: 2 bytes instead of 4."""

_AT_ONCE = 2**22


@dataclass(frozen=True)
class Overlays:
    """The maps of a layer's samples, a row each.

    Attributes:
        levels: 0 to 255, of positions row by row.
        parts: What each unit answers to most, as :func:`rivalry.dissection.profiles.boxes.extents` has it.
        shape: Height and width of a map.
    """

    levels: npt.NDArray[np.uint8]
    parts: Real
    shape: tuple[int, int]


class SampleMaps:
    """Takes the maps of a layer's samples from pictures as they are shown, on any of the ranks.

    Memory: 2 bytes × samples × positions, and 1 byte more where the overlays are made.

    Args:
        samples: Which units are wanted of which pictures.
        pictures: Positions in the data set of all pictures that will be shown, ascending.
        shape: Height and width of the layer's maps.
    """

    def __init__(self, samples: LayerSamples, pictures: Int[Tensor, " pictures"], shape: tuple[int, int]) -> None:
        self.unit, self.shape = samples.unit, shape
        self._order = np.argsort(samples.index, kind="stable")
        ordered, wanted = samples.index[self._order], pictures.numpy()
        self._first, self._last = (np.searchsorted(ordered, wanted, side) for side in ("left", "right"))
        rows = len(samples.unit)
        self._shares = np.zeros((rows, shape[0] * shape[1]), dtype=np.int16)
        self._peaks = np.zeros(rows, dtype=np.float32)

    def add(
        self,
        place: Int[Tensor, " batch"],
        maps: Float[Tensor, "batch units height width"],
        winners: Float[Tensor, "batch blocks height width"] | None = None,
        competitors: int = 1,
    ) -> None:
        """Take what is wanted of a batch.

        Args:
            place: Which of the pictures they are.
            maps: Of the layer.
            winners: Their places in their blocks, of a layer that competes; else who is above zero wins.
            competitors: Units in a block.
        """
        wanted = [self._order[self._first[one] : self._last[one]] for one in place.tolist()]
        rows = np.concatenate(wanted)
        picture = np.arange(len(wanted)).repeat([len(one) for one in wanted])
        step = max(1, _AT_ONCE // self._shares.shape[1])
        for first in range(0, len(rows), step):
            part = slice(first, first + step)
            shown, unit = (torch.from_numpy(one).to(maps.device) for one in (picture[part], self.unit[rows[part]]))
            taken = maps[shown, unit].flatten(1)
            if winners is None:
                taken = taken.clamp(min=0)
            else:
                won = winners[shown, unit // competitors].flatten(1) == (unit % competitors)[:, None]
                taken = taken.masked_fill(~won, 0.0)
            self._keep(rows[part], taken)

    def gather(self, device: torch.device) -> Overlays:
        """The overlays, from what all ranks have taken. A collective."""
        if rank_and_world()[1] > 1:
            self._shares = _gathered(self._shares.view(np.uint8), device).view(np.int16)
            self._peaks = _gathered(self._peaks.view(np.uint8), device).view(np.float32)
        levels = np.zeros(self._shares.shape, dtype=np.uint8)
        parts = np.zeros((len(levels), 4))
        if not len(levels):
            return Overlays(levels, parts, self.shape)
        rising, factor = self._scales()
        step = max(1, _AT_ONCE // levels.shape[1])
        for first in range(0, len(levels), step):
            part = slice(first, first + step)
            shares = self._shares[part].astype(np.float32)
            shares = np.where(rising[part, None], np.maximum(shares, 0), np.abs(shares))
            levels[part] = np.rint(shares * factor[part, None])
            parts[part] = extents(shares, self.shape)
        return Overlays(levels, parts, self.shape)

    def _keep(self, rows: Whole, taken: Float[Tensor, "rows positions"]) -> None:
        """Keep the maps of some samples, each as shares of its own peak."""
        peaks = taken.abs().amax(1)
        shares = (taken / peaks.clamp_min(torch.finfo(peaks.dtype).tiny)[:, None] * _STEPS).round()
        self._shares[rows] = shares.to(torch.int16).cpu().numpy()
        self._peaks[rows] = peaks.cpu().numpy()

    def _scales(self) -> tuple[npt.NDArray[np.bool_], Real]:
        """Of each sample, whether its unit is ever above zero, and from shares to levels."""
        highest, peaks = self._shares.max(1).astype(np.float64), self._peaks.astype(np.float64)
        rising = _highest_of_unit(self.unit, highest * peaks) > 0
        scale = _highest_of_unit(self.unit, np.where(rising, highest, -self._shares.min(1).astype(np.float64)) * peaks)
        factor = np.divide(255 * peaks, scale, out=np.zeros(len(scale)), where=scale > 0)
        return rising, factor


def _highest_of_unit(unit: Whole, values: Real) -> Real:
    """For each row the highest value among the rows of its unit, which lie together."""
    starts = np.flatnonzero(np.diff(unit, prepend=-1))
    lengths = np.diff(np.append(starts, len(unit)))
    found: Real = np.maximum.reduceat(values, starts).repeat(lengths)
    return found


def _gathered(own: npt.NDArray[np.uint8], device: torch.device) -> npt.NDArray[np.uint8]:
    """The bytes of all ranks, each of which has set some of them and left the others 0."""
    gathered: npt.NDArray[np.uint8] = sum_over_ranks(torch.from_numpy(own).to(device)).cpu().numpy()
    return gathered
