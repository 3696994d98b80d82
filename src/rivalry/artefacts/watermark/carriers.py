"""The search for the units of a layer that carry the mark (defined in :mod:`rivalry.artefacts.watermark.detectors`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from rivalry.artefacts.watermark.detectors import LEFT, SMALLEST_EFFECT, clearest_first, fewest, silenced
from rivalry.lwta.layer import drawing_aside
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


class Trial:
    """Silences units of one layer after another and asks what the network still answers.

    Args:
        listening: What the analysis was told at its start.
        target: The class of the mark.
        first: Pictures that choose carriers, one at least.
        second: Pictures that judge their silence, one at least.
        seed: Of the random units.
    """

    def __init__(self, listening: Listening, target: int, first: Half, second: Half, *, seed: int) -> None:
        self.listening, self.target, self.first, self.second, self.seed = listening, target, first, second, seed
        others = first.labels != target
        self._fooling = first.marked[others]
        self._clean, self._marked = (self._hits(images) for images in (first.clean[others], self._fooling))
        self._attack_success, self._accuracy = self._judge()

    def find(
        self,
        layer: str,
        axis: int,
        clean: Float[Tensor, "pictures units"],
        detectors: Float[Tensor, "renders pictures units"],
    ) -> Carriers:
        """Choose a layer's carriers on the first half and judge their silence on the second.

        Args:
            layer: Dotted name.
            axis: Of its units.
            clean: Every unit's mean over positions in the clean pictures of the first half.
            detectors: What tells a unit's answer to the mark, in the clean and the marked pictures of the first half.
        """
        order, instead = clearest_first(detectors[1], detectors[0]), clean.mean(0)

        def silence(units: Int[Tensor, " silenced"]) -> AbstractContextManager[None]:
            return silenced(self.listening.network, layer, units, instead, axis)

        count = self._count(order, silence)
        if count is None:
            return Carriers(None, self._attack_success, math.nan, math.nan, self._accuracy, math.nan, math.nan)
        with silence(order[:count]):
            found = self._judge()
        chance = []
        for choice in _choices(len(order) - count, count, self.seed):
            with silence(order[count:][choice]):
                chance.append(self._judge())
        attack, accuracy = (sum(of) / len(chance) for of in zip(*chance, strict=True))
        return Carriers(order[:count], self._attack_success, found[0], attack, self._accuracy, found[1], accuracy)

    def _count(
        self, order: Int[Tensor, " units"], silence: Callable[[Tensor], AbstractContextManager[None]]
    ) -> int | None:
        """How many of the ordered units it takes."""
        effect = self._marked - self._clean
        if not effect >= SMALLEST_EFFECT:
            return None

        def attack(count: int) -> float:
            with silence(order[:count]):
                return self._hits(self._fooling)

        return fewest(len(order), attack, self._clean + LEFT * effect)

    def _judge(self) -> tuple[float, float]:
        """Attack success and accuracy on the second half, with whatever is silent."""
        half = self.second
        right = self._predict(half.clean) == half.labels
        return self._hits(half.marked[half.labels != self.target]), float(right.double().mean())

    def _hits(self, images: Tensor) -> float:
        """Share of pictures taken for the target; NaN of none."""
        return float((self._predict(images) == self.target).double().mean())

    def _predict(self, images: Tensor) -> Int[Tensor, " pictures"]:
        network, parts = self.listening.network, []
        with drawing_aside(network):
            for part in torch.split(images, _IMAGES_AT_ONCE) if len(images) else ():
                parts.append(self.listening.forward(network, part).argmax(1))
        return torch.cat(parts) if parts else torch.zeros(0, dtype=torch.long, device=images.device)


def _choices(units: int, count: int, seed: int) -> list[Int[Tensor, " chosen"]]:
    """Random choices of as many units as there are carriers, or of all others where these are fewer."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randperm(units, generator=generator)[:count] for _ in range(RANDOM_CHOICES)]
