"""Which pictures are shown of each unit: its top pictures, and others from all over what it answers to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rivalry.dissection.profiles.distribution import quantiles
from rivalry.dissection.profiles.layer_profile import LayerProfile

Whole = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LayerSamples:
    """The samples of a layer, a row each, by unit, top pictures first, the strongest first.

    Attributes:
        unit: Whose sample it is.
        top: Whether it is a top picture, and not one at a quantile.
        rank: Among the unit's top pictures, or among those at quantiles, from 0.
        quantile: Its level; NaN for top pictures.
        index: The picture's position in the data set.
        value: The unit's pooled activation there.
    """

    unit: Whole
    top: npt.NDArray[np.bool_]
    rank: Whole
    quantile: Real
    index: Whole
    value: Real

    @classmethod
    def of(cls, profile: LayerProfile, count: int) -> LayerSamples:
        """Choose the samples of a layer's units: all top pictures, and ``count`` at quantiles of the sample."""
        units, sample = profile.units, profile.sample
        found = quantiles(sample.values, sample.won, count)
        chosen = found.places >= 0
        row = found.places.clamp(min=0)
        known = len(sample.index) > 0
        value = sample.values.T.gather(1, row) if known else torch.zeros(row.shape, device=row.device)
        index = sample.index[row] if known else row
        tops = profile.top.images.shape[1]
        columns = {
            "index": _wide(profile.top.images, index),
            "value": _wide(profile.top.values.double(), value.double()),
            "quantile": _wide(torch.full((units, tops), torch.nan), found.levels),
            "rank": np.broadcast_to(np.concatenate([np.arange(tops), np.arange(count)]), (units, tops + count)),
            "top": np.broadcast_to(np.arange(tops + count) < tops, (units, tops + count)),
            "unit": np.broadcast_to(np.arange(units)[:, None], (units, tops + count)),
        }
        there = _wide(profile.top.images >= 0, chosen)
        return cls(**{name: column[there] for name, column in columns.items()})


def _wide(top: Tensor, quantile: Tensor) -> npt.NDArray[np.generic]:
    """What is known of top pictures beside what is known of those at quantiles."""
    both: npt.NDArray[np.generic] = torch.cat([top.cpu(), quantile.cpu()], 1).numpy()
    return both
