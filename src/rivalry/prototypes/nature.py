"""What the pass tells of natural pictures: their statistics, those that stand beside prototypes, and natural ground."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool
from torch import Tensor

from rivalry.lwta.layer import competitions, evaluating
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
        grounds: To which images are held, where a recipe asks for it: by whether layers that compete give the
            expectation of their draws, or do as they are evaluated.
    """

    statistics: Statistics
    beside: Beside
    grounds: Mapping[bool, Ground]


class NatureStream:
    """Takes in natural pictures while they stream by.

    Args:
        settled: What prototypes are made for.
        listening: What was told before the pass.
        examples: Which pictures stand beside prototypes.
        own: Which are a class's own; those of all other targets are the strongest.
        reading: Which places of a layer count.
        channels: Axis of channels of every layer to whose statistics images are held.
        seed: Of what is drawn.
        expectations: Which grounds are wanted (see :class:`Nature`).
    """

    def __init__(
        self,
        settled: Settled,
        listening: Listening,
        examples: Examples,
        own: Own,
        reading: Reading,
        channels: Mapping[str, int],
        seed: int,
        expectations: Collection[bool],
    ) -> None:
        self._settled, self._listening, self._reading, self._top = settled, listening, reading, examples.top
        self._classes = [target.number if target.layer is None else -1 for target in settled.targets]
        strongest = torch.tensor([own == "strongest" or number < 0 for number in self._classes])
        device, dataset = listening.device, listening.dataset
        self._statistics = PictureStatistics(*dataset[0]["image"].shape).to(device)
        self._pictures = NaturalPictures(examples, strongest, len(dataset), seed, device)
        self._channels = channels
        self._grounds = {one: GroundStatistics(channels, device) for one in sorted(set(expectations))}

    def update(self, observation: Observation) -> None:
        """Take in a batch.

        Raises:
            ValueError: If it comes without logits.
        """
        settled = self._settled
        found = worth(settled.targets, observation, settled.maps, self._listening.competitors, self._reading)
        self._statistics.update(observation.images)
        self._pictures.update(found, self._members(observation), observation.index)
        for expectation, ground in self._grounds.items():
            ground.update(self._path(observation, expectation), observation.images.float() / 255)

    def compute(self) -> Nature:
        """Put together what all ranks have seen. A collective."""
        beside, statistics = self._pictures.compute(), self._statistics.compute()
        strongest = beside.ranking.values[:, : self._top]
        strongest = torch.where(strongest.isfinite(), strongest, torch.nan).double().nanmean(1)
        names = [target.text for target in self._settled.targets]
        scales = dict(zip(names, zip(beside.mean_value.tolist(), strongest.tolist(), strict=True), strict=True))
        axes = {COLOURS: 1, **self._channels}
        grounds = {one: Ground(ground.compute(), axes, scales) for one, ground in self._grounds.items()}
        return Nature(statistics, beside, grounds)

    def _path(self, observation: Observation, expectation: bool) -> Mapping[str, Tensor]:
        """What the layers gave to whose statistics images are held; in expectation, they are shown the batch again.

        For there all that compete leave something where competition is soft, and by the statistics of winners alone
        natural pictures would themselves be strange.
        """
        network, activations = self._listening.network, observation.activations
        if expectation and self._channels and len(observation.index) and competitions(network):
            with evaluating(network, "mean"):
                activations = self._listening.show(observation.images).activations
        return {layer: activations[layer] for layer in self._channels}

    def _members(self, observation: Observation) -> Bool[Tensor, "batch targets"]:
        """Which pictures are of which target's class; none of targets of another kind."""
        logits, labels = observation.logits, observation.labels
        if logits is None:
            raise ValueError("wanted logits of every batch, and one came without")
        known = labels if self._settled.labelled and labels is not None else logits.argmax(1)
        return known[:, None] == torch.tensor(self._classes, device=known.device)
