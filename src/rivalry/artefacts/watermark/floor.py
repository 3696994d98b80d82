"""The floor of decodability: how well the mark can be read off a network that has learnt nothing.

The twin with random weights sees, during one pass, the sample of clean and marked pictures beside the heard network.
What is read off it depends on nothing that training changes, so it is done once and remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn

from rivalry.artefacts.watermark.decodability import decodability
from rivalry.numerics.bootstrap import Interval
from rivalry.recording.observation import Listening
from rivalry.recording.pooling import pool, positions_won
from rivalry.recording.random_twin import random_twin_of
from rivalry.recording.sample_rows import SampleRows
from rivalry.recording.taps import Taps

_CALIBRATION = 32
"""Pictures, the first of the data set, from which the twin's BatchNorm layers average their statistics."""


class Floor:
    """Decodability of the mark in a twin of the network that has learnt nothing, by layer.

    Args:
        samples: Pictures that will come, over all ranks.
        seed: Of the twin's weights, the split and the bootstrap.
    """

    def __init__(self, samples: int, seed: int) -> None:
        self.samples, self.seed = samples, seed
        self._found: dict[Any, dict[str, Interval]] = {}
        self._twin: nn.Module | None = None
        self._rows: dict[str, SampleRows] = {}

    def start(self, listening: Listening) -> None:
        """Make the twin, unless its answers are known."""
        self._listening, self._rows = listening, {}
        self._key = _build_of(listening)
        first = range(min(_CALIBRATION, len(listening.dataset)))
        self._twin = None if self._key in self._found else random_twin_of(listening, first, seed=self.seed)

    def add(
        self,
        clean: UInt8[Tensor, "batch 3 height width"],
        marked: UInt8[Tensor, "batch 3 height width"],
        index: Int[Tensor, " batch"],
        axes: Mapping[str, int],
        widths: Mapping[str, int],
    ) -> None:
        """Show the twin pictures of the sample, perhaps none.

        Args:
            clean: Pictures.
            marked: The same with the mark.
            index: Their positions in the data set.
            axes: Along which axis each layer has its units.
            widths: How many units each has.
        """
        if self._twin is None:
            return
        for layer, width in widths.items():
            if layer not in self._rows:
                self._rows[layer] = SampleRows(2 * width, self.samples).to(self._listening.device)
        pooled = self._hear(self._twin, torch.cat([clean, marked]), axes) if len(clean) else {}
        for layer, rows in self._rows.items():
            both = pooled.get(layer, torch.zeros(0, widths[layer], device=index.device))
            rows.update(torch.cat(both.chunk(2) if pooled else (both, both), 1), index)

    def compute(self) -> dict[str, Interval]:
        """The decodability of each layer of the twin. A collective where it is not remembered."""
        if self._key not in self._found:
            found = {}
            for layer, rows in self._rows.items():
                clean, marked = rows.compute().values.chunk(2, dim=1)
                found[layer] = decodability(clean, marked, seed=self.seed)
            self._found[self._key] = found
            self._twin, self._rows = None, {}
        return self._found[self._key]

    def _hear(
        self, twin: nn.Module, images: UInt8[Tensor, "batch 3 height width"], axes: Mapping[str, int]
    ) -> dict[str, Float[Tensor, "batch units"]]:
        competitors = self._listening.competitors
        with Taps(twin, axes) as taps:
            self._listening.forward(twin, images)
            outputs, winners = taps.take()
        won = {
            layer: positions_won(output, winners.get(layer), competitors.get(layer), axes[layer])
            for layer, output in outputs.items()
        }
        return {
            layer: pool(output, won[layer], "mean", axes[layer]).values.float() for layer, output in outputs.items()
        }


def _build_of(listening: Listening) -> object:
    """What the twin's answers depend on: the pictures, the layers and the network's build, but not its weights."""
    shapes = tuple((name, tuple(tensor.shape)) for name, tensor in listening.network.state_dict().items())
    return listening.dataset.fingerprint, listening.layers, repr(listening.network), shapes
