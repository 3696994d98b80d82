"""How a basis is fitted: the weights of the losses, and the descent."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Weights:
    """What each loss counts: the nearest verified recipe of the paper's authors.

    Args:
        sparsity: Of the entropy of the shares.
        activation: Of maximum activation.
        margin: Of 1 / M.
        inactivity: Of inactive directions.
    """

    sparsity: float = 2.6
    activation: float = 2.8
    margin: float = 0.6
    inactivity: float = 5.0


@dataclass(frozen=True)
class Bounds:
    """Below what the other losses shall stay while sparsity alone is minimised (the authors' way out of a collapse).

    Args:
        activation: Of maximum activation.
        margin: Of 1 / M.
        inactivity: Of inactive directions.
    """

    activation: float = 0.8
    margin: float = 8.0
    inactivity: float = 0.1


@dataclass(frozen=True)
class Recipe:
    """How a basis is fitted.

    Args:
        objective: Weights of the losses' sum; or bounds, for an augmented Lagrangian.
        coverage: τ: share of the pixels that all directions together shall be on at, in (0, 1].
        exponent: γ of the activations that count for it, 1 or more.
        rate: Learning rate at first; halved where the loss no longer falls.
        batch: Pixels a step.
        epochs: Passes over the pixels at most.
        patience: Epochs without a smaller loss before the rate is halved.
    """

    objective: Weights | Bounds = Weights()
    coverage: float = 0.9
    exponent: float = 1.1
    rate: float = 1e-2
    batch: int = 4096
    epochs: int = 100
    patience: int = 3

    def warm(self) -> Recipe:
        """The same for going on from a basis that was fitted before."""
        return replace(self, epochs=min(self.epochs, 3), rate=self.rate / 4)
