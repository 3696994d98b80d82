"""What sets a strategy apart: its size, its accuracy, its share of marked pictures, and the concepts that it is by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

TOLD = 3
"""Concepts that are told of a strategy at most."""


@dataclass(frozen=True)
class Portrait:
    """One strategy of a class.

    Attributes:
        strategy: Its number, 0 for the commonest.
        images: How many it has.
        accuracy: Share of them that are of the class.
        marked_share: Share of them that bear a watermark; None where marks are not known.
        concepts: Those whose importance differs most from that of the other images, the largest difference first;
            none where it is the only strategy.
        differences: Of each of them: the mean importance here less that of all other images, in standard deviations
            of its importance over all images. Positive where the strategy is by the concept, negative where it
            does without.
    """

    strategy: int
    images: int
    accuracy: float
    marked_share: float | None
    concepts: tuple[int, ...]
    differences: tuple[float, ...]


def portraits(
    importance: Float[Tensor, "images concepts"],
    labels: Int[Tensor, " images"],
    correct: Bool[Tensor, " images"],
    marked: Bool[Tensor, " images"] | None = None,
    *,
    told: int = TOLD,
) -> Sequence[Portrait]:
    """Describe every strategy.

    Args:
        importance: φ of the images.
        labels: Their strategies, from 0, without gaps.
        correct: Whether they are of the class.
        marked: Whether they bear a watermark; None where nobody knows.
        told: Concepts of each at most.
    """
    spread = importance.double().std(0, correction=0)
    return [
        _portrait(number, importance, labels == number, spread, correct, marked, told)
        for number in range(int(labels.max()) + 1)
    ]


def _portrait(
    number: int,
    importance: Float[Tensor, "images concepts"],
    within: Bool[Tensor, " images"],
    spread: Float[Tensor, " concepts"],
    correct: Bool[Tensor, " images"],
    marked: Bool[Tensor, " images"] | None,
    told: int,
) -> Portrait:
    concepts: tuple[int, ...] = ()
    differences: tuple[float, ...] = ()
    if not bool(within.all()):
        apart = importance[within].double().mean(0) - importance[~within].double().mean(0)
        apart = torch.where(spread > 0, apart / spread, 0.0)
        order = apart.abs().argsort(descending=True, stable=True)[:told]
        concepts, differences = tuple(order.tolist()), tuple(apart[order].tolist())
    return Portrait(
        number,
        int(within.sum()),
        float(correct[within].double().mean()),
        None if marked is None else float(marked[within].double().mean()),
        concepts,
        differences,
    )
