"""What is kept of one layer while pictures stream by, and what is known of its units afterwards.

Everything adds up over ranks. Moments, wins and top pictures are of all pictures; what needs all values of a unit at
once (histogram, quantiles, correlations) looks at a sample of them, drawn by seed and number: the same on any number of
ranks.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.numerics.sampling import draw
from rivalry.recording.moments import Extremes, Means
from rivalry.recording.pooling import Pooled
from rivalry.recording.ranks import sum_over_ranks
from rivalry.recording.sample_rows import SampleRows
from rivalry.recording.top_images import Ranking, TopImages

SAMPLE_BYTES = 2**27
"""What the sample of the pictures may take, a layer: 134 MB, which is 2,000 pictures for up to 13,000 units."""

SAMPLE_SEED = 0
"""Decides with the number of pictures alone which are in the sample."""

_ROUNDING = 1e-12
"""Share of the mean square below which a variance is what rounding of float32 leaves of none."""


@dataclass(frozen=True)
class Sample:
    """The sampled pictures, by ascending index.

    Attributes:
        index: Positions in the data set.
        values: Pooled activations.
        won: Whether each unit won anywhere in each picture.
        logits: What the network made of the pictures; no column where classes are unknown.
    """

    index: Int[Tensor, " samples"]
    values: Float[Tensor, "samples units"]
    won: Bool[Tensor, "samples units"]
    logits: Float[Tensor, "samples classes"]


@dataclass(frozen=True)
class LayerProfile:
    """One layer, after the pass.

    Attributes:
        pictures: Pictures heard.
        top: Top pictures of every unit, and pictures in which it won.
        win_rate: Mean share of positions won.
        mean: Of the pooled activation.
        standard_deviation: Of the pooled activation.
        extremes: Lowest and highest pooled activation.
        sample: The sampled pictures.
    """

    pictures: int
    top: Ranking
    win_rate: Float[Tensor, " units"]
    mean: Float[Tensor, " units"]
    standard_deviation: Float[Tensor, " units"]
    extremes: Float[Tensor, "2 units"]
    sample: Sample

    @property
    def units(self) -> int:
        """Width of the layer."""
        return len(self.mean)


class ProfileStream:
    """Streaming state of :class:`LayerProfile`.

    Memory: 16 bytes × units × (``top`` + 5), and for each sampled picture 5 bytes × units + 4 bytes × classes, all of
    these ``limit`` bytes at most and three times that for the moment in which they are put in order.

    Args:
        units: Width of the layer.
        top: Top pictures to keep for a unit.
        sample: Pictures to sample; fewer where the limit has no room for them, one at least.
        pictures: Pictures of the probe set, over all ranks.
        classes: Logits to keep of a sampled picture.
        device: Where observations lie.
        limit: Bytes that the sample may take.
    """

    def __init__(
        self,
        units: int,
        top: int,
        sample: int,
        *,
        pictures: int,
        classes: int,
        device: torch.device,
        limit: int = SAMPLE_BYTES,
    ) -> None:
        self.units, self.classes = units, classes
        self.top = TopImages(units, top).to(device)
        self.win_rate, self.mean, self.square = (Means(units).to(device) for _ in range(3))
        self.extremes = Extremes(units).to(device)
        kept = min(pictures, sample, max(1, limit // (5 * units + 4 * classes)))
        self.chosen = torch.zeros(pictures, dtype=torch.bool)
        self.chosen[draw(pictures, kept, SAMPLE_SEED)] = True
        self.chosen = self.chosen.to(device)
        self.values = SampleRows(units + classes, kept).to(device)
        self.won = SampleRows(units, kept, kind=torch.uint8).to(device)

    def add(self, pooled: Pooled, logits: Float[Tensor, "batch classes"], index: Int[Tensor, " batch"]) -> None:
        """Take in a batch: activations and wins, logits of known classes, and the pictures' indices."""
        self.top.update(pooled.values, pooled.win_rate, index)
        self.win_rate.update(pooled.win_rate)
        self.mean.update(pooled.values)
        self.square.update(pooled.values.double().square())
        self.extremes.update(pooled.values)
        chosen = self.chosen[index]
        rows = torch.cat([pooled.values.float(), logits.float()], 1)
        self.values.update(rows[chosen], index[chosen])
        self.won.update((pooled.win_rate > 0)[chosen], index[chosen])

    def summarise(self) -> LayerProfile:
        """Gather what all ranks have seen. A collective.

        Raises:
            ValueError: If an activation was NaN or infinite.
        """
        mean, square = (one.compute().reshape(self.units) for one in (self.mean, self.square))
        _refuse_infinite(square)
        variance = square - mean.square()
        return LayerProfile(
            pictures=int(sum_over_ranks(self.mean.rows.clone())),
            top=self.top.compute(),
            win_rate=self.win_rate.compute().reshape(self.units),  # torchmetrics squeezes what holds one number
            mean=mean,
            standard_deviation=torch.where(variance > _ROUNDING * square, variance, 0.0).sqrt(),
            extremes=self.extremes.compute().reshape(2, self.units),
            sample=self._sample(),
        )

    def _sample(self) -> Sample:
        rows, won = self.values.compute(), self.won.compute()
        values = rows.values.reshape(-1, self.units + self.classes)
        return Sample(
            rows.index.reshape(-1),
            values[:, : self.units],
            won.values.reshape(-1, self.units) > 0,
            values[:, self.units :],
        )


def _refuse_infinite(square: Float[Tensor, " units"]) -> None:
    units = (~square.isfinite()).nonzero().flatten().tolist()
    if units:
        raise ValueError(
            f"the activations of {len(units)} units held NaN or infinities (unit {units[0]} first); "
            "wanted are finite ones, of which there is a mean"
        )
