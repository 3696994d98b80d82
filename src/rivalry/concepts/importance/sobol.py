"""Importance by variance: how much of the logit's variance goes when all other concepts are held.

Fel, Cadène, Chalvidal, Cord, Vigouroux & Serre, "Look at the Variance! Efficient Black-box Explanations with
Sobol-based Sensitivity Analysis" (NeurIPS 2021); total indices by the estimator of Jansen (1999):

    S_i = E[(h(u ⊙ a) − h(u ⊙ a_i))²] / (2 Var h(u ⊙ a))

a and b are masks with factors from 0 to 1, and a_i is a with the factor of concept i taken from b.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.answer import Answer
from rivalry.concepts.importance.dependence import check_power_of_two, scrambled, varies
from rivalry.concepts.importance.importance import Importance


@dataclass(frozen=True)
class SobolTotal(Importance):
    """Total Sobol index of each concept: its share of the variance, with all its interactions. It has no sign.

    Args:
        designs: Pairs of masks a and b, a power of two: a scrambled Sobol sequence. The logit is asked for
            designs × (concepts + 2) times a picture.

    Raises:
        ValueError: For another number.
    """

    designs: int = 32
    name: ClassVar[str] = "sobol"

    def __post_init__(self) -> None:
        check_power_of_two(self.name, "designs", self.designs)

    def attribute(
        self, answer: Answer, codes: Float[Tensor, "images places concepts"], seed: int
    ) -> Float[Tensor, "images concepts"]:
        """Jansen's estimate; 0 where the logit does not vary but for rounding."""
        masks = replaced_designs(self.designs, codes.shape[2], seed).to(codes)
        logits = answer.masked(codes, masks.flatten(0, 1).expand(len(codes), -1, -1))
        return total_indices(logits.reshape(len(codes), *masks.shape[:2]))

    def closed(
        self, weights: Float[Tensor, " concepts"], means: Float[Tensor, "images concepts"], constant: float
    ) -> Float[Tensor, "images concepts"]:
        """(γ_i ū_i)² / Σ_j (γ_j ū_j)²; 0 where the logit does not vary."""
        squares = (weights * means).square()
        total = squares.sum(1, keepdim=True)
        return torch.where(total > 0, squares / total, 0.0)


def replaced_designs(designs: int, concepts: int, seed: int) -> Float[Tensor, "replaced designs concepts"]:
    """Masks a, b, and for every concept a with that concept's factor from b: (concepts + 2) × designs."""
    both = scrambled(designs, 2 * concepts, seed)
    first, second = both[:, :concepts], both[:, concepts:]
    replaced = torch.where(torch.eye(concepts, dtype=torch.bool)[:, None], second, first)
    return torch.cat([first[None], second[None], replaced])


def total_indices(logits: Float[Tensor, "images replaced designs"]) -> Float[Tensor, "images concepts"]:
    """Jansen's estimate of total Sobol indices from the logits of masks a, b, and a with one factor of b.

    They are 0 where logits do not vary but for rounding.
    """
    known = varies(logits.flatten(1))[:, None]
    first = logits[:, :1].double()
    variance = logits[:, :2].double().flatten(1).var(1, unbiased=False)[:, None]
    replaced = (first - logits[:, 2:].double()).square().mean(2) / 2
    return torch.where(known & (variance > 0), replaced / variance, 0.0).to(logits)
