"""What dissection keeps of one layer while images stream by; all of it adds up over ranks.

Memory: 8 bytes × units × (top-k + 2), 8 bytes × units × concepts where masks are judged, and for similarities that look
at every image a reservoir of 4 bytes × samples × units, which refuses to pass its limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.dissection.judge import ConceptCorrelation
from rivalry.recording.moments import Means
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
        correlation: Of units with concepts, where masks are.
        rows: Pooled activations of every image, where the similarity needs them.
    """

    top: Ranking
    mean: Float[Tensor, " units"]
    win_rate: Float[Tensor, " units"]
    correlation: Float[Tensor, "units concepts"] | None
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
        concepts: Concepts to correlate with; 0 for none.
        samples: Images to keep the activations of, over all ranks; 0 for none.
        device: Where observations lie.
    """

    def __init__(self, units: int, top_k: int, *, concepts: int, samples: int, device: torch.device) -> None:
        self.units = units
        self.concepts = concepts
        self.top = TopImages(units, top_k).to(device)
        self.mean = Means(units).to(device)
        self.win_rate = Means(units).to(device)
        self.correlation = ConceptCorrelation(units, concepts).to(device) if concepts else None
        self.rows = SampleRows(units, samples).to(device) if samples else None

    def add(self, pooled: Pooled, index: Int[Tensor, " batch"], shown: Bool[Tensor, "batch concepts"] | None) -> None:
        """Take in a batch: activations and wins, the images' indices, and the concepts they show."""
        self.top.update(pooled.values, pooled.win_rate, index)
        self.mean.update(pooled.values)
        self.win_rate.update(pooled.win_rate)
        if self.correlation is not None and shown is not None:
            self.correlation.update(pooled.values, shown)
        if self.rows is not None:
            self.rows.update(pooled.values, index)

    def summarise(self) -> LayerSummary:
        """Gather what all ranks have seen. A collective."""
        correlation = None if self.correlation is None else self.correlation.compute()
        return LayerSummary(
            top=self.top.compute(),
            mean=self.mean.compute().reshape(self.units),  # torchmetrics squeezes what holds one number
            win_rate=self.win_rate.compute().reshape(self.units),
            correlation=None if correlation is None else correlation.reshape(self.units, self.concepts),
            rows=None if self.rows is None else self.rows.compute(),
        )
