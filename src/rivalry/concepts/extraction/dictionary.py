"""What an extraction finds: a dictionary of concepts, and how the fit went.

    A ≈ U V ,   A (samples × channels) activations, U (samples × concepts) codes, V (concepts × channels) concepts

(Fel et al., "A Holistic Approach to Unifying Automatic Concept Extraction and Concept Importance Estimation", NeurIPS
2023, eq. 1, who write U Vᵀ.) There is no offset: nothing is added to the product.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.extraction.gram import relative_error


@dataclass(frozen=True)
class Fitted:
    """How a fit went.

    Attributes:
        iterations: Steps that it took, 0 of a closed form; None where the method does not tell.
        converged: Whether it ended by itself, not by the number of steps.
        error: ‖A − UV‖ / ‖A‖ (Frobenius) of the rows that it was fitted to; 0 where nothing is lost.
        history: How the error fell, step by step; of NMF that of the parts of either sign. Empty where there are none.
        dead: Concepts that none of these rows has: all their codes are zero.
    """

    iterations: int | None
    converged: bool
    error: float
    history: tuple[float, ...] = ()
    dead: int = 0

    @classmethod
    def of(
        cls,
        rows: Float[Tensor, "samples channels"],
        codes: Float[Tensor, "samples concepts"],
        concepts: Float[Tensor, "concepts channels"],
        iterations: int | None = 0,
        converged: bool = True,
        history: Sequence[float] = (),
    ) -> Fitted:
        """How a fit to rows went, by the codes that it gives them; by default one in closed form."""
        dead = int((codes == 0).all(0).sum())
        return cls(iterations, converged, relative_error(rows, codes, concepts), tuple(history), dead)


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
