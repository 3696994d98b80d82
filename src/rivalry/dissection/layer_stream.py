"""What dissection keeps of one layer while images stream by; all of it adds up over ranks.

Memory: 16 bytes × units × (top-k + 4), half of it what torchmetrics keeps to begin anew with; where masks are judged 16
bytes × units × concepts and a sample of the images (see :mod:`rivalry.dissection.truth`); for similarities that look at
every image a reservoir of 4 bytes × samples × units, which refuses to pass its limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.dissection.truth import Truth, TruthStream
from rivalry.recording.moments import Extremes, Means
from rivalry.recording.pooling import Pooled
from rivalry.recording.sample_rows import Rows, SampleRows
from rivalry.recording.top_images import Ranking, TopImages


@dataclass(frozen=True)
class LayerSummary:
    """One layer, after the pass.

    Attributes:
        top: Top images and wins of every unit.
        mean: Mean pooled activation of each unit.
        win_rate: Mean share of positions won by each unit.
        extremes: Lowest and highest pooled activation of each unit.
        truth: What the masks say of the units, where masks are.
        rows: Pooled activations of every image, where the similarity needs them.
    """

    top: Ranking
    mean: Float[Tensor, " units"]
    win_rate: Float[Tensor, " units"]
    extremes: Float[Tensor, "2 units"]
    truth: Truth | None
    rows: Rows | None

    @property
    def dead(self) -> Bool[Tensor, " units"]:
        """Which units won in no image."""
        return self.top.wins == 0


class LayerStream:
    """Streaming state of one layer.

    Args:
        units: Width of the layer.
        top_k: Top images to keep for a unit.
        images: Images of the probe set, over all ranks.
        concepts: Concepts to judge by; 0 for none.
        keep_all: Whether to keep the activations of every image.
        device: Where observations lie.
    """

    def __init__(
        self, units: int, top_k: int, images: int, *, concepts: int, keep_all: bool, device: torch.device
    ) -> None:
        self.units = units
        self.top = TopImages(units, top_k).to(device)
        self.mean = Means(units).to(device)
        self.win_rate = Means(units).to(device)
        self.extremes = Extremes(units).to(device)
        self.truth = TruthStream(units, concepts, images, device=device) if concepts else None
        self.rows = SampleRows(units, images).to(device) if keep_all else None

    def add(self, pooled: Pooled, index: Int[Tensor, " batch"], shown: Bool[Tensor, "batch concepts"] | None) -> None:
        """Take in a batch: activations and wins, the images' indices, and the concepts they show."""
        self.top.update(pooled.values, pooled.win_rate, index)
        self.mean.update(pooled.values)
        self.win_rate.update(pooled.win_rate)
        self.extremes.update(pooled.values)
        if self.truth is not None and shown is not None:
            self.truth.add(pooled.values, shown, index)
        if self.rows is not None:
            self.rows.update(pooled.values, index)

    def summarise(self) -> LayerSummary:
        """Gather what all ranks have seen. A collective."""
        return LayerSummary(
            top=self.top.compute(),
            mean=self.mean.compute().reshape(self.units),  # torchmetrics squeezes what holds one number
            win_rate=self.win_rate.compute().reshape(self.units),
            extremes=self.extremes.compute().reshape(2, self.units),
            truth=None if self.truth is None else self.truth.compute(),
            rows=None if self.rows is None else self.rows.compute(),
        )
