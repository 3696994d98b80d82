"""What the masks say of a layer's units, gathered while images stream by.

Kept are which concepts each picture shows and how the units' pooled activations go with them. Pearson's correlation is
streamed over all images. Average precision and IoU need a ranking: they look at a sample of the images, which is all of
them wherever these are not too many.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torchmetrics import Metric

from rivalry.numerics.correlation import pearson_from_sums
from rivalry.numerics.sampling import draw
from rivalry.recording.sample_rows import SampleRows

SAMPLE_BYTES = 2**27
"""What the sample of the images may take, a layer: 134 MB, which is 30,000 images for 1,024 units and 76 concepts."""

SAMPLE_SEED = 0
"""Which images are in the sample is drawn from this and from their number alone: the same on any number of ranks."""


@dataclass(frozen=True)
class Truth:
    """What the masks say of a layer's units, before any label.

    Attributes:
        correlation: Of units with concepts, over all images.
        values: Pooled activations in the sample of the images.
        shown: Which concepts these images show.
    """

    correlation: Float[Tensor, "units concepts"]
    values: Float[Tensor, "samples units"]
    shown: Bool[Tensor, "samples concepts"]


class TruthStream:
    """Streaming state of :class:`Truth`, over batches and ranks.

    Memory is 16 bytes × units × concepts, and 4 bytes × images × (units + concepts) for a sample of the images of
    ``limit`` bytes at most. An average precision in a sample in which P images show the concept deviates from that over
    all images by 0.5 / √P or less (one standard deviation); where all images fit, it is exact.

    Args:
        units: Number of units.
        concepts: Number of concepts.
        images: Number of images of the probe set.
        device: Where observations lie.
        limit: Bytes that the sample may take.
    """

    def __init__(
        self, units: int, concepts: int, images: int, *, device: torch.device, limit: int = SAMPLE_BYTES
    ) -> None:
        self.units, self.concepts = units, concepts
        kept = min(images, max(1, limit // (4 * (units + concepts))))
        self.chosen = torch.zeros(images, dtype=torch.bool)
        self.chosen[draw(images, kept, SAMPLE_SEED)] = True
        self.chosen = self.chosen.to(device)
        self._all_chosen = kept == images
        self.correlation = ConceptCorrelation(units, concepts).to(device)
        self.rows = SampleRows(units + concepts, kept).to(device)

    def add(
        self,
        values: Float[Tensor, "batch units"],
        shown: Bool[Tensor, "batch concepts"],
        index: Int[Tensor, " batch"],
    ) -> None:
        """Add a batch of pooled activations and of what the pictures show."""
        self.correlation.update(values, shown)
        rows = torch.cat([values.float(), shown.float()], 1)
        if not self._all_chosen:  # to choose makes a GPU wait
            chosen = self.chosen[index]
            rows, index = rows[chosen], index[chosen]
        self.rows.update(rows, index)

    def compute(self) -> Truth:
        """Gather what all ranks have seen. A collective."""
        rows = self.rows.compute().values.reshape(-1, self.units + self.concepts)
        correlation = self.correlation.compute().reshape(self.units, self.concepts)
        return Truth(correlation, values=rows[:, : self.units], shown=rows[:, self.units :] > 0)


class ConceptCorrelation(Metric):
    """Streaming correlation of units with the presence of concepts, over batches and ranks.

    Memory is 8 bytes × units × concepts, and as much for what torchmetrics keeps to begin anew with.

    Args:
        units: Number of units.
        concepts: Number of concepts.
    """

    full_state_update = False
    count: Tensor
    sum_x: Tensor
    sum_xx: Tensor
    sum_y: Tensor
    sum_xy: Tensor

    def __init__(self, units: int, concepts: int) -> None:
        super().__init__()
        shapes = {"count": (), "sum_x": (units,), "sum_xx": (units,), "sum_y": (concepts,), "sum_xy": (units, concepts)}
        for name, shape in shapes.items():
            self.add_state(name, torch.zeros(shape, dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, values: Float[Tensor, "batch units"], presence: Bool[Tensor, "batch concepts"]) -> None:
        """Add a batch of pooled activations and of what the pictures show."""
        x, y = values.double(), presence.double()
        self.count += len(x)
        self.sum_x += x.sum(0)
        self.sum_xx += x.square().sum(0)
        self.sum_y += y.sum(0)
        self.sum_xy += x.T @ y

    def compute(self) -> Float[Tensor, "..."]:
        """Pearson's correlation, (units, concepts); 0 where a unit or a concept never varies."""
        return pearson_from_sums(self.count, self.sum_x, self.sum_y, self.sum_xx, self.sum_y, self.sum_xy)
