"""The search for the units of a layer that carry the mark (defined in :mod:`rivalry.artefacts.watermark.detectors`)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from rivalry.artefacts.watermark.detectors import LEFT, SMALLEST_EFFECT, clearest_first, fewest, silenced
from rivalry.recording.observation import Listening

RANDOM_CHOICES = 3
"""As many choices of random units stand beside the carriers, on average."""

_IMAGES_AT_ONCE = 64


class Half(NamedTuple):
    """One half of the pictures.

    Attributes:
        clean: As they are.
        marked: The same with the mark.
        labels: Their classes.
    """

    clean: UInt8[Tensor, "pictures 3 height width"]
    marked: UInt8[Tensor, "pictures 3 height width"]
    labels: Int[Tensor, " pictures"]


class Carriers(NamedTuple):
    """The units of a layer that carry the mark; of the second half of the pictures what their silence does.

    Attributes:
        units: The fewest clearest units whose silence undoes the mark; None where there is nothing to carry, or where
            no number of silent units undoes it.
        attack_success: With nothing silenced.
        attack_success_silenced: With the carriers silenced.
        attack_success_random: With as many random units silenced.
        accuracy: Of clean pictures, with nothing silenced.
        accuracy_silenced: With the carriers silenced.
        accuracy_random: With as many random units silenced.
    """

    units: Int[Tensor, " carriers"] | None
    attack_success: float
    attack_success_silenced: float
    attack_success_random: float
    accuracy: float
    accuracy_silenced: float
    accuracy_random: float


class Silencing:
    """Silences units of one layer and asks what the network still answers.

    Args:
        listening: What the analysis was told at its start.
        layer: Dotted name.
        axis: Of its units.
        target: The class of the mark.
        instead: Every unit's mean over clean pictures.
    """

    def __init__(
        self, listening: Listening, layer: str, axis: int, target: int, instead: Float[Tensor, " units"]
    ) -> None:
        self.listening, self.layer, self.axis, self.target, self.instead = listening, layer, axis, target, instead

    def find(
        self,
        first: Half,
        second: Half,
        marked: Float[Tensor, "samples units"],
        clean: Float[Tensor, "samples units"],
        *,
        seed: int,
    ) -> Carriers:
        """Choose the carriers on the first half and judge their silence on the second.

        Args:
            first: Pictures that choose.
            second: Pictures that judge.
            marked: What every unit gives for marked pictures of the first half.
            clean: What it gives for the clean ones.
            seed: Of the random units.
        """
        order, nobody = clearest_first(marked, clean), torch.zeros(0, dtype=torch.long, device=self.instead.device)
        before = self.attack_success(second, nobody), self.accuracy(second, nobody)
        count = self._count(first, order)
        if count is None:
            return Carriers(None, before[0], math.nan, math.nan, before[1], math.nan, math.nan)
        units = order[:count]
        others = [order[count:][choice] for choice in _choices(len(order) - count, count, seed)]
        return Carriers(
            units,
            before[0],
            self.attack_success(second, units),
            _mean([self.attack_success(second, other) for other in others]),
            before[1],
            self.accuracy(second, units),
            _mean([self.accuracy(second, other) for other in others]),
        )

    def attack_success(self, half: Half, units: Int[Tensor, " silenced"]) -> float:
        """P(f(x + w) = t | y ≠ t) with units silenced; NaN without a picture of another class."""
        return self._hits(half.marked[half.labels != self.target], units)

    def accuracy(self, half: Half, units: Int[Tensor, " silenced"]) -> float:
        """Share of right answers to clean pictures with units silenced; NaN without a picture."""
        return float((self._predict(half.clean, units) == half.labels).double().mean())

    def _count(self, half: Half, order: Int[Tensor, " units"]) -> int | None:
        """How many of the ordered units it takes."""
        others = half.labels != self.target
        clean, marked = (self._hits(images[others], order[:0]) for images in (half.clean, half.marked))
        if not marked - clean >= SMALLEST_EFFECT:
            return None
        return fewest(
            len(order), lambda count: self._hits(half.marked[others], order[:count]), clean + LEFT * (marked - clean)
        )

    def _hits(self, images: Tensor, units: Tensor) -> float:
        return float((self._predict(images, units) == self.target).double().mean())

    def _predict(self, images: Tensor, units: Tensor) -> Int[Tensor, " pictures"]:
        if not len(images):
            return torch.zeros(0, dtype=torch.long, device=images.device)
        with silenced(self.listening.network, self.layer, units, self.instead, self.axis):
            parts = [self.listening.show(part).logits.argmax(1) for part in torch.split(images, _IMAGES_AT_ONCE)]
        return torch.cat(parts)


def _choices(units: int, count: int, seed: int) -> list[Int[Tensor, " chosen"]]:
    """Random choices of as many units as there are carriers, or of all others where these are fewer."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randperm(units, generator=generator)[:count] for _ in range(RANDOM_CHOICES)]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
