"""The two ways to make one number of the four losses: a weighted sum, and an augmented Lagrangian.

With c_j = loss j − bound j, multipliers λ_j ≥ 0 and penalty ρ (Nocedal & Wright, "Numerical Optimization", §17.4):

    sparsity + Σ_j (max(0, λ_j + ρ c_j)² − λ_j²) / 2ρ ,   after each epoch   λ_j ← max(0, λ_j + ρ c_j)

That sparsity is minimised under these bounds is the authors'; multipliers by epoch and ρ are ours.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.basis.rotation.recipe import Bounds, Weights

PENALTY = 10.0
"""ρ."""


class Objective(ABC):
    """What is minimised."""

    @abstractmethod
    def __call__(self, losses: Float[Tensor, "4"]) -> Float[Tensor, ""]:
        """Make one number of a batch's losses, to descend."""

    @abstractmethod
    def judge(self, losses: Float[Tensor, "4"]) -> float:
        """How good mean losses are: smaller is better, and comparable from epoch to epoch."""

    @abstractmethod
    def learn(self, losses: Float[Tensor, "4"]) -> None:
        """Take in the mean losses of an epoch."""


@final
class WeightedSum(Objective):
    """The sum of the weighted losses.

    >>> print(WeightedSum(Weights(1.0, 2.0, 0.0, 0.5))(torch.ones(4)))
    tensor(3.5000)
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = torch.tensor([weights.sparsity, weights.activation, weights.margin, weights.inactivity])

    def __call__(self, losses: Float[Tensor, "4"]) -> Float[Tensor, ""]:
        """The sum."""
        return self.weights.to(losses) @ losses

    def judge(self, losses: Float[Tensor, "4"]) -> float:
        """The sum."""
        return float(self(losses))

    def learn(self, losses: Float[Tensor, "4"]) -> None:
        """Nothing: the weights stay."""


@final
class AugmentedLagrangian(Objective):
    """Sparsity, and what the bounds of the others cost.

    Attributes:
        multipliers: λ of maximum activation, maximum margin and inactive classifier.
    """

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = torch.tensor([bounds.activation_at_most, bounds.margin_at_most, bounds.inactivity_at_most])
        self.multipliers = torch.zeros(3)

    def __call__(self, losses: Float[Tensor, "4"]) -> Float[Tensor, ""]:
        """The Lagrangian."""
        multipliers = self.multipliers.to(losses)
        pressed = (multipliers + PENALTY * (losses[1:] - self.bounds.to(losses))).relu()
        return losses[0] + (pressed.square() - multipliers.square()).sum() / (2 * PENALTY)

    def judge(self, losses: Float[Tensor, "4"]) -> float:
        """Sparsity, and ρ times what lies above the bounds."""
        return float(losses[0] + PENALTY * (losses[1:] - self.bounds.to(losses)).relu().sum())

    def learn(self, losses: Float[Tensor, "4"]) -> None:
        """Raise the multipliers of what lies above its bound, and lower the others."""
        self.multipliers = (self.multipliers + PENALTY * (losses[1:].detach().cpu() - self.bounds)).relu()


def objective_of(given: Weights | Bounds) -> Objective:
    """The objective that a recipe asks for."""
    return WeightedSum(given) if isinstance(given, Weights) else AugmentedLagrangian(given)
