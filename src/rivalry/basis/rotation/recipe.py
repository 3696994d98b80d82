"""How a basis is fitted: what is minimised, and the descent.

Weights and bounds, τ and γ are those of the nearest verified recipe of the paper's authors. The descent is ours: theirs
(rate 1e-3, 800 epochs, a plateau of 10) takes hours on a CPU, and from a margin of about 1 it ends where many
directions are never on. Here a margin of 0.3 and the bias that fits it (:mod:`start`) come first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace


@dataclass(frozen=True)
class Weights:
    """The sum of the losses is minimised, each weighted.

    Args:
        sparsity: Weight of the entropy of the shares.
        activation: Of maximum activation.
        margin: Of 1 / M.
        inactivity: Of inactive directions.

    Raises:
        ValueError: For a weight below 0.
    """

    sparsity: float = 2.6
    activation: float = 2.8
    margin: float = 0.6
    inactivity: float = 5.0

    def __post_init__(self) -> None:
        _refuse_negative(self, "a weight")


@dataclass(frozen=True)
class Bounds:
    """Sparsity alone is minimised, the others stay below bounds: the authors' way where the weighted sum collapses.

    Args:
        activation_at_most: Bound of maximum activation.
        margin_at_most: Of 1 / M.
        inactivity_at_most: Of inactive directions.

    Raises:
        ValueError: For a bound below 0.
    """

    activation_at_most: float = 0.8
    margin_at_most: float = 8.0
    inactivity_at_most: float = 0.1

    def __post_init__(self) -> None:
        _refuse_negative(self, "a bound")


@dataclass(frozen=True)
class Recipe:
    """How a basis is fitted.

    Args:
        objective: Weights of the losses' sum; or bounds, for an augmented Lagrangian.
        coverage: τ: share of the pixels that all directions together shall be on at, in (0, 1].
        exponent: γ of the activations that count for it, 1 or more.
        margin: M at first, above 0.
        rate: Of Adam at first, above 0; halved where the loss no longer falls.
        batch: Pixels a step, about.
        epochs: Passes over the pixels, at most.
        patience: Epochs without a smaller loss after which the rate is halved.

    Raises:
        ValueError: Where an argument lies outside these bounds.
    """

    objective: Weights | Bounds = field(default_factory=Weights)
    coverage: float = 0.9
    exponent: float = 1.1
    margin: float = 0.3
    rate: float = 1e-2
    batch: int = 2048
    epochs: int = 60
    patience: int = 4

    def __post_init__(self) -> None:
        if not 0 < self.coverage <= 1:
            raise ValueError(f"coverage is a share of the pixels in (0, 1], got {self.coverage}")
        for name in ("margin", "rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} of a recipe is above 0, got {getattr(self, name)}")
        for name in ("exponent", "batch", "epochs", "patience"):
            if not getattr(self, name) >= 1:
                raise ValueError(f"{name} of a recipe is 1 or more, got {getattr(self, name)}")

    def warm(self) -> Recipe:
        """The same for going on from a basis that was fitted before: few epochs, and a rate that forgets less."""
        return replace(self, rate=self.rate / 2, epochs=min(self.epochs, 5))


def _refuse_negative(numbers: Weights | Bounds, what: str) -> None:
    for one in fields(numbers):
        if not getattr(numbers, one.name) >= 0:
            raise ValueError(f"{what} is 0 or more, got {one.name}={getattr(numbers, one.name)}")


DEFAULT = Recipe()
"""What is used where nothing else is asked for."""
