"""Importance by gradients: what a small change of a concept's codes would change, at the codes or on the way to them.

    saliency              Σ_p ∂h/∂u_pi                              Simonyan et al. 2014, with its sign
    gradient × input      Σ_p u_pi ∂h/∂u_pi                         Shrikumar et al. 2016
    integrated gradients  Σ_p u_pi ∫₀¹ ∂h/∂u_pi (t u) dt            Sundararajan et al. 2017

The sum runs over places p. Integrated gradients are complete: over all concepts they sum up to h(u) − h(0), where h has
no jumps. Where LWTA layers compete by argmax it has, and no gradient sees them (see :mod:`rivalry.concepts.shares`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.answer import Answer
from rivalry.concepts.importance.importance import Importance


@dataclass(frozen=True)
class Saliency(Importance):
    """The gradient: what one more of a concept at every place would add to the logit. It knows no amounts."""

    name: ClassVar[str] = "saliency"

    def attribute(
        self, answer: Answer, codes: Float[Tensor, "images places concepts"], seed: int
    ) -> Float[Tensor, "images concepts"]:
        """Gradients at the codes, summed over places."""
        return gradients_at(answer, codes).sum(1)

    def closed(
        self, weights: Float[Tensor, " concepts"], means: Float[Tensor, "images concepts"], constant: float
    ) -> Float[Tensor, "images concepts"]:
        """γ_i."""
        return weights.expand_as(means).clone()


@dataclass(frozen=True)
class GradientInput(Importance):
    """Gradient × input."""

    name: ClassVar[str] = "gradient_input"

    def attribute(
        self, answer: Answer, codes: Float[Tensor, "images places concepts"], seed: int
    ) -> Float[Tensor, "images concepts"]:
        """Gradients at the codes, times the codes, summed over places."""
        return (gradients_at(answer, codes) * codes).sum(1)

    def closed(
        self, weights: Float[Tensor, " concepts"], means: Float[Tensor, "images concepts"], constant: float
    ) -> Float[Tensor, "images concepts"]:
        """γ_i ū_i."""
        return weights * means


@dataclass(frozen=True)
class IntegratedGradients(Importance):
    """Gradients on the straight way from no concept to the codes, times the codes.

    Args:
        steps: Points of Gauss and Legendre on the way, at which gradients are taken.

    Raises:
        ValueError: For fewer than one.
    """

    steps: int = 32
    name: ClassVar[str] = "integrated_gradients"

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"integrated gradients take 1 step or more, got {self.steps}")

    def attribute(
        self, answer: Answer, codes: Float[Tensor, "images places concepts"], seed: int
    ) -> Float[Tensor, "images concepts"]:
        """The integral by the rule of Gauss and Legendre."""
        from numpy.polynomial.legendre import leggauss

        total = torch.zeros_like(codes)
        for place, weight in zip(*leggauss(self.steps), strict=True):
            total += gradients_at(answer, codes * float((1 + place) / 2)) * float(weight / 2)
        return (total * codes).sum(1)

    def closed(
        self, weights: Float[Tensor, " concepts"], means: Float[Tensor, "images concepts"], constant: float
    ) -> Float[Tensor, "images concepts"]:
        """γ_i ū_i."""
        return weights * means


def gradients_at(
    answer: Answer, codes: Float[Tensor, "images places concepts"]
) -> Float[Tensor, "images places concepts"]:
    """The gradient of the logit at the codes of all pictures."""
    return answer.gradients(codes, torch.arange(len(codes), device=codes.device))
