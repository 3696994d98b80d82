"""The record of what the competition does: how often each unit of each layer wins, and how evenly.

Statistics of Panousis & Chatzis, "DISCOVER" (NeurIPS 2023): the active fraction is 1/U in a layer that competes.
Layers without competition (U = 1: ReLU, GELU …) are heard alike; there, to win means to be above zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyarrow as pa
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torchmetrics import Metric

from rivalry.lwta.activity import ActivitySummary, WinCounts
from rivalry.recording.analysis import Analysis, Finding
from rivalry.recording.axes import Layers, check_axes, unit_axes
from rivalry.recording.observation import Listening, Observation


class PositiveCounts(Metric):
    """Counts of what a layer without competition gives above zero: its wins.

    Active is what is not zero. Of a ReLU that is what won; of a GELU also what is below zero, and ``negative_share`` is
    the share of that.

    Args:
        units: Width of the layer.
        dim: Axis of its units.
    """

    full_state_update = False
    positive: Tensor
    negative: Tensor
    active: Tensor
    positions: Tensor

    def __init__(self, units: int, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim
        self.add_state("positive", torch.zeros(units, dtype=torch.long), dist_reduce_fx="sum")
        for name in ("negative", "active", "positions"):
            self.add_state(name, torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")

    def update(self, output: Float[Tensor, "batch ..."]) -> None:
        """Add one batch of the layer's output."""
        others = [axis for axis in range(output.ndim) if axis != self.dim % output.ndim]
        self.positive += (output > 0).sum(others, dtype=torch.int32)  # those of a batch fit, in a sixth of the time
        self.negative += (output < 0).count_nonzero()
        self.active += (output != 0).count_nonzero()
        self.positions += output.numel() // len(self.positive)

    def compute(self) -> ActivitySummary:
        """Summarise what was seen on all ranks; there is no block, so the entropy is NaN."""
        positions = int(self.positions)
        active = int(self.active)
        return ActivitySummary(
            win_rate=self.positive / max(positions, 1),
            active_fraction=active / max(positions * len(self.positive), 1),
            winner_entropy=math.nan,
            dead=self.positive == 0,
            negative_share=int(self.negative) / max(active, 1),
            positions=positions,
        )


class Activity(Analysis):
    """How the units of each layer share the wins. Memory: 8 bytes a unit.

    The record holds the table ``units`` (layer, unit, win_rate, dead), the table ``layers`` (layer, competitors,
    active_fraction, winner_entropy, dead_units, negative_share) and the means over layers as scalars.

    Args:
        layers: Layers to hear, dotted names or globs; with the axis of their units where it cannot be told (see
            :mod:`rivalry.recording.axes`).
        name: Name of the record.

    Raises:
        ValueError: For an axis that holds no units.
    """

    hears_directions = True

    def __init__(self, layers: Layers, name: str = "activity") -> None:
        self._given_axes = check_axes(layers)
        self.taps = tuple(layers)
        self.name = name
        self._counts: dict[str, WinCounts | PositiveCounts] = {}

    def start(self, listening: Listening) -> None:
        """Forget the last pass."""
        self._listening = listening
        self._axes: dict[str, int] = {}
        self._counts = {}

    def observe(self, observation: Observation) -> None:
        """Count a batch."""
        self._axes = self._axes or unit_axes(self._listening, observation, self._given_axes)
        for layer, output in observation.activations.items():
            if layer not in self._counts:
                self._counts[layer] = self._new_counts(layer, output)
            counts = self._counts[layer]
            if isinstance(counts, WinCounts):
                counts.update(observation.winners[layer], output)
            else:
                counts.update(output)

    def conclude(self, network: nn.Module) -> Finding:
        """Summarise every layer."""
        summaries = {layer: counts.compute() for layer, counts in self._counts.items()}
        entropies = [one.winner_entropy for one in summaries.values() if not math.isnan(one.winner_entropy)]
        return Finding(
            scalars={
                "active_fraction": _mean([one.active_fraction for one in summaries.values()]),
                "winner_entropy": _mean(entropies),
                "negative_share": _mean([one.negative_share for one in summaries.values()]),
                "dead_units": float(sum(int(one.dead.sum()) for one in summaries.values())),
            },
            tables={"units": _unit_table(summaries), "layers": self._layer_table(summaries)},
            settings={"unit_axes": dict(self._axes)},
        )

    def _new_counts(self, layer: str, output: Tensor) -> WinCounts | PositiveCounts:
        axis = self._axes[layer]
        units, competitors = output.shape[axis], self._listening.competitors.get(layer)
        counts = PositiveCounts(units, axis) if competitors is None else WinCounts(units, competitors, axis)
        return counts.to(self._listening.device)

    def _layer_table(self, summaries: dict[str, ActivitySummary]) -> pa.Table:
        ones = summaries.values()
        return pa.table(
            {
                "layer": pa.array(summaries, pa.string()),
                "competitors": pa.array([self._listening.competitors.get(layer, 1) for layer in summaries], pa.int64()),
                "active_fraction": pa.array([one.active_fraction for one in ones], pa.float64()),
                "winner_entropy": pa.array([_known(one.winner_entropy) for one in ones], pa.float64()),
                "dead_units": pa.array([int(one.dead.sum()) for one in ones], pa.int64()),
                "negative_share": pa.array([one.negative_share for one in ones], pa.float64()),
            }
        )


def _unit_table(summaries: dict[str, ActivitySummary]) -> pa.Table:
    widths = {layer: len(one.win_rate) for layer, one in summaries.items()}
    return pa.table(
        {
            "layer": pa.array([layer for layer, width in widths.items() for _ in range(width)], pa.string()),
            "unit": pa.array([unit for width in widths.values() for unit in range(width)], pa.int64()),
            "win_rate": pa.array([rate for one in summaries.values() for rate in one.win_rate.tolist()], pa.float64()),
            "dead": pa.array([dead for one in summaries.values() for dead in one.dead.tolist()], pa.bool_()),
        }
    )


def _known(entropy: float) -> float | None:
    """Null in a table where a layer holds no competition."""
    return None if math.isnan(entropy) else entropy


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
