"""What an extraction finds: a dictionary of concepts, and how the fit went.

    A ≈ U V ,   A (samples × channels) activations, U (samples × concepts) codes, V (concepts × channels) concepts

(Fel et al., "A Holistic Approach to Unifying Automatic Concept Extraction and Concept Importance Estimation", NeurIPS
2023, eq. 1, who write U Vᵀ.) There is no offset: nothing is added to the product.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Fitted:
    """How a fit went.

    Attributes:
        iterations: Steps that it took, 0 of a closed form.
        converged: Whether it ended by itself, not by the number of steps.
        error: ‖A − UV‖ / ‖A‖ (Frobenius) of the rows that it was fitted to; 0 where nothing is lost.
        history: That error after each step, or after each step at which it was looked at; empty of a closed form.
        dead: Concepts that none of these rows has.
    """

    iterations: int
    converged: bool
    error: float
    history: tuple[float, ...] = ()
    dead: int = 0


@dataclass(frozen=True, eq=False)
class Dictionary(ABC):
    """Concepts as directions of a layer, and how much of each there is in an activation.

    Attributes:
        concepts: V.
        fitted: How the fit went.
    """

    concepts: Float[Tensor, "concepts channels"]
    fitted: Fitted

    @abstractmethod
    def encode(self, rows: Float[Tensor, "samples channels"]) -> Float[Tensor, "samples concepts"]:
        """Codes of activations at single places, on their device and in their precision, row by row."""

    @final
    def decode(self, codes: Float[Tensor, "*batch concepts"]) -> Float[Tensor, "*batch channels"]:
        """The activations that codes stand for: U V. Linear, and gradients flow through it."""
        return codes @ self.concepts.to(codes)
