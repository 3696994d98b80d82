"""The interface of all methods that say how much a concept counts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.answer import Answer, LinearAnswer


class Importance(ABC):
    """A way to say how much each concept counts for a class.

    Attributes:
        name: What tables call it.
    """

    name: ClassVar[str]

    @final
    def of(
        self, answer: Answer, codes: Float[Tensor, "images places concepts"], *, seed: int = 0
    ) -> Float[Tensor, "images concepts"]:
        """How much each concept counts in each picture.

        In closed form where the answer is linear and the method has one, else by asking the answer.

        Args:
            answer: The class's logit as a function of codes.
            codes: Of all pictures of the answer, in its order.
            seed: Of whatever is drawn, 0 or more; the same draws for all pictures.

        Raises:
            ValueError: For codes of another number of concepts, none at all, or such as are not finite.
        """
        check_codes(answer, codes)
        if seed < 0:
            raise ValueError(f"a seed is 0 or more, got {seed}")
        codes = codes.detach()
        if isinstance(answer, LinearAnswer):
            closed = self.closed(answer.weights.to(codes), codes.mean(1), answer.constant)
            if closed is not None:
                return closed
        return self.attribute(answer, codes, seed)

    @abstractmethod
    def attribute(
        self, answer: Answer, codes: Float[Tensor, "images places concepts"], seed: int
    ) -> Float[Tensor, "images concepts"]:
        """What :meth:`of` gives, for any answer."""

    def closed(
        self, weights: Float[Tensor, " concepts"], means: Float[Tensor, "images concepts"], constant: float
    ) -> Float[Tensor, "images concepts"] | None:
        """What :meth:`of` gives where h(u) = Σ_i γ_i ū_i + constant; None of a method without a closed form.

        Args:
            weights: γ.
            means: ū, mean codes over places.
            constant: The logit of no concept at all.
        """
        return None


def check_codes(answer: Answer, codes: Tensor) -> None:
    """Raise a ``ValueError`` for codes that are not of an answer's concepts."""
    images, places, concepts = codes.shape
    if concepts != answer.concepts:
        raise ValueError(f"the answer is one to codes of {answer.concepts} concepts, got {concepts}")
    if not images or not places:
        raise ValueError(f"codes of one picture and place at least are wanted, got {images} × {places}")
    if not bool(torch.isfinite(codes).all()):
        raise ValueError("codes must be finite, and some are NaN or infinite")
