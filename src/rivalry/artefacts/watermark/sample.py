"""Pooled activations of the three renders of a sample of pictures: the stated reservoir of the probe.

The pictures are chosen by seed and index before the pass, so they are the same on any number of ranks. The reservoir
takes 12 bytes × pictures × units a layer, and as much again for win rates where units compete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.recording.pooling import pool, positions_won
from rivalry.recording.sample_rows import SampleRows

RENDERS = ("clean", "marked", "null")

Heard = tuple[Tensor, Tensor | None]
"""What a layer gave for a batch, and of one that competes the winners."""


@dataclass(frozen=True)
class PooledLayer:
    """One layer's pooled activations, a picture each, renders in the order of ``RENDERS``.

    Attributes:
        index: Positions in the data set, ascending.
        values: Activations, mean over positions.
        detectors: What tells a unit's answer to the mark: of layers that compete the win rate, else ``values``.
    """

    index: Int[Tensor, " samples"]
    values: Float[Tensor, "renders samples units"]
    detectors: Float[Tensor, "renders samples units"]


class PooledRenders:
    """Keeps one layer's pooled activations of the renders of some pictures, over batches and ranks.

    Args:
        units: Width of the layer.
        axis: Of its units.
        competitors: Units in a block, of a layer that competes.
        samples: Pictures that will come, over all ranks.
        device: Where the layer's outputs lie.

    Raises:
        ValueError: If the reservoir would pass its limit.
    """

    def __init__(self, units: int, axis: int, competitors: int | None, samples: int, device: torch.device) -> None:
        self.units, self.axis, self.competitors = units, axis, competitors
        kinds = 1 if competitors is None else 2
        self._rows = SampleRows(units * kinds * len(RENDERS), samples).to(device)

    def add(self, renders: Sequence[Heard], chosen: Bool[Tensor, " batch"], index: Int[Tensor, " batch"]) -> None:
        """Keep the chosen pictures of a batch, perhaps none.

        Args:
            renders: What the layer gave for the clean, the marked and the null-marked batch.
            chosen: Which pictures of the batch are to be kept.
            index: Positions of the batch's pictures in the data set.
        """
        columns = [self._pooled(output[chosen], None if won is None else won[chosen]) for output, won in renders]
        self._rows.update(torch.cat(columns, 1), index[chosen])

    def compute(self) -> PooledLayer:
        """What was kept on all ranks. A collective."""
        rows = self._rows.compute()
        renders = rows.values.reshape(len(rows.index), len(RENDERS), -1, self.units).movedim(0, 2)
        return PooledLayer(rows.index, renders[:, 0], renders[:, -1])

    def _pooled(self, output: Tensor, winners: Tensor | None) -> Float[Tensor, "batch columns"]:
        won = positions_won(output, winners, self.competitors, self.axis)
        pooled = pool(output, won, "mean", self.axis)
        return pooled.values.float() if winners is None else torch.cat([pooled.values, pooled.win_rate], 1).float()
