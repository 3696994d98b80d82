"""What the pass tells of natural pictures: their statistics, those that stand beside prototypes, and natural ground."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool
from torch import Tensor

from rivalry.prototypes.examples import Beside, Examples, NaturalPictures
from rivalry.prototypes.images import PictureStatistics, Statistics
from rivalry.prototypes.natural import worth
from rivalry.prototypes.objectives.ground import COLOURS, Ground, GroundStatistics
from rivalry.prototypes.objectives.values import Reading
from rivalry.prototypes.settled import Settled
from rivalry.recording.observation import Listening, Observation

Own = Literal["labelled", "strongest"]
"""Which natural pictures are a class's own."""


@dataclass(frozen=True)
class Nature:
    """What is known of natural pictures.

    Attributes:
        statistics: By which images are parametrised.
        beside: Pictures of each target.
        ground: To which images are held; None where no recipe asks for it.
    """

    statistics: Statistics
    beside: Beside
    ground: Ground | None


class NatureStream:
    """Takes in natural pictures while they stream by.

    Args:
        settled: What prototypes are made for.
        listening: What was told before the pass.
        examples: Which pictures stand beside prototypes.
        own: Which are a class's own; those of all other targets are the strongest.
        reading: Which places of a layer count.
        channels: Axis of channels of every layer to whose statistics images are held; None where they are held to none.
        seed: Of what is drawn.
    """

    def __init__(
        self,
        settled: Settled,
        listening: Listening,
        examples: Examples,
        own: Own,
        reading: Reading,
        channels: Mapping[str, int] | None,
        seed: int,
    ) -> None:
        self._settled, self._listening, self._reading, self._top = settled, listening, reading, examples.top
        self._classes = [target.number if target.layer is None else -1 for target in settled.targets]
        strongest = torch.tensor([own == "strongest" or number < 0 for number in self._classes])
        device, dataset = listening.device, listening.dataset
        self._statistics = PictureStatistics(*dataset[0]["image"].shape).to(device)
        self._pictures = NaturalPictures(examples, strongest, len(dataset), seed, device)
        self._channels = channels
        self._ground = None if channels is None else GroundStatistics(channels, device)

    def update(self, observation: Observation) -> None:
        """Take in a batch.

        Raises:
            ValueError: If it comes without logits.
        """
        settled = self._settled
        found = worth(settled.targets, observation, settled.maps, self._listening.competitors, self._reading)
        self._statistics.update(observation.images)
        self._pictures.update(found, self._members(observation), observation.index)
        if self._ground is not None and self._channels is not None:
            path = {layer: observation.activations[layer] for layer in self._channels}
            self._ground.update(path, observation.images.float() / 255)

    def compute(self) -> Nature:
        """Put together what all ranks have seen. A collective."""
        beside, statistics = self._pictures.compute(), self._statistics.compute()
        if self._ground is None or self._channels is None:
            return Nature(statistics, beside, None)
        strongest = beside.ranking.values[:, : self._top]
        strongest = torch.where(strongest.isfinite(), strongest, torch.nan).double().nanmean(1)
        names = [target.text for target in self._settled.targets]
        scales = dict(zip(names, zip(beside.mean_value.tolist(), strongest.tolist(), strict=True), strict=True))
        return Nature(statistics, beside, Ground(self._ground.compute(), {COLOURS: 1, **self._channels}, scales))

    def _members(self, observation: Observation) -> Bool[Tensor, "batch targets"]:
        """Which pictures are of which target's class; none of targets of another kind."""
        logits, labels = observation.logits, observation.labels
        if logits is None:
            raise ValueError("wanted logits of every batch, and one came without")
        known = labels if self._settled.labelled and labels is not None else logits.argmax(1)
        return known[:, None] == torch.tensor(self._classes, device=known.device)
