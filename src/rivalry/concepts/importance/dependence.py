"""Importance by dependence: how far the logit tells whether a concept was left out.

Novello, Fel & Vigouroux, "Making Sense of Dependence: Efficient Black-box Explanations Using Dependence Measure"
(NeurIPS 2022); the estimator is that of Gretton, Bousquet, Smola & Schölkopf (2005):

    HSIC_i = tr(K_i H L H) / n²             H = 1 − 11ᵀ/n

K_i compares n masks in concept i (1 where both kept it or both left it out), L the logits they led to (Gaussian, its
width the median distance). Reconstructed from memory [M]: the kernels are our reading of the paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rivalry.concepts.answer import Answer
from rivalry.concepts.batches import batched
from rivalry.concepts.importance.importance import Importance

ROUNDING = 1e-6
"""Differences of logits, as a share of the largest, that mean nothing."""


@dataclass(frozen=True)
class HSIC(Importance):
    """The Hilbert-Schmidt independence criterion between leaving a concept out and the logit. It has no sign.

    Args:
        masks: How many are drawn, a power of two: a scrambled Sobol design, above ½ a concept is kept.

    Raises:
        ValueError: For another number.
    """

    masks: int = 128
    name: ClassVar[str] = "hsic"

    def __post_init__(self) -> None:
        check_power_of_two(self.name, "masks", self.masks)

    def attribute(
        self, answer: Answer, codes: Float[Tensor, "images places concepts"], seed: int
    ) -> Float[Tensor, "images concepts"]:
        """The criterion, of the same masks for all pictures."""
        masks = (scrambled(self.masks, codes.shape[2], seed) > 0.5).to(codes)
        logits = answer.masked(codes, masks.expand(len(codes), -1, -1))
        return dependence(masks, logits)


def dependence(
    masks: Float[Tensor, "masks concepts"], logits: Float[Tensor, "images masks"]
) -> Float[Tensor, "images concepts"]:
    """HSIC of every concept in every picture, 0 or more.

    Args:
        masks: 0 or 1.
        logits: Of each mask; where they are all the same but for rounding, nothing depends on anything.
    """
    count = len(masks)
    same = (masks.T[:, :, None] == masks.T[:, None, :]).to(logits)
    centred = same - same.mean(1, keepdim=True) - same.mean(2, keepdim=True) + same.mean((1, 2), keepdim=True)
    kernels = centred.flatten(1).T / count**2

    def some(images: Tensor) -> Tensor:
        distances = (logits[images][:, :, None] - logits[images][:, None, :]).abs()
        above = torch.where(distances > 0, distances, torch.nan).flatten(1)
        width = above.nanmedian(1).values.nan_to_num(1.0)[:, None, None]
        return (-(distances / width).square() / 2).exp().flatten(1) @ kernels

    criterion = batched(some, len(logits), 4 * count**2, logits.device).clamp(min=0)
    return torch.where(varies(logits)[:, None], criterion, 0.0)


def varies(logits: Float[Tensor, "images masks"]) -> Bool[Tensor, " images"]:
    """Whether the logits of a picture differ by more than rounding, which is another in other batches."""
    return logits.amax(1) - logits.amin(1) > ROUNDING * logits.abs().amax(1)


def scrambled(count: int, dimensions: int, seed: int) -> Float[Tensor, "count dimensions"]:
    """A scrambled Sobol sequence: evenly spread in the unit cube. An unscrambled one begins with zeros alone."""
    engine = torch.quasirandom.SobolEngine(dimensions, scramble=True, seed=seed)  # type: ignore[no-untyped-call]
    return engine.draw(count)


def check_power_of_two(name: str, what: str, number: int) -> None:
    """Raise a ``ValueError`` for a number of points at which a Sobol sequence is not evenly spread."""
    if number < 2 or number & (number - 1):
        below = 2 ** max(1, number.bit_length() - 1) if number > 0 else 2
        near = min(below, 2 * below, key=lambda power: abs(power - number))
        raise ValueError(f"{name} takes a power of two of {what} from 2, got {number}; nearest: {near}")
