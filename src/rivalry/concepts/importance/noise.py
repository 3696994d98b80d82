"""Importance by gradients at codes to which noise was added.

    SmoothGrad   mean over draws of Σ_p ∂h/∂u_pi (u + ε)            Smilkov et al. 2017
    VarGrad      variance over draws of the same                    Adebayo et al. 2018

ε is normal, its deviation a share of the span of the picture's codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.answer import Answer
from rivalry.concepts.importance.gradients import gradients_at
from rivalry.concepts.importance.importance import Importance


@dataclass(frozen=True)
class SmoothGrad(Importance):
    """The mean gradient at noisy codes.

    Args:
        samples: Draws of noise.
        noise: Its deviation, as a share of the picture's largest code less its smallest.

    Raises:
        ValueError: For less than one draw, or noise that is not positive.
    """

    samples: int = 32
    noise: float = 0.2
    name: ClassVar[str] = "smooth_grad"

    def __post_init__(self) -> None:
        check_noise(self.name, self.samples, self.noise, least=1)

    def attribute(
        self, answer: Answer, codes: Float[Tensor, "images places concepts"], seed: int
    ) -> Float[Tensor, "images concepts"]:
        """The mean over draws."""
        return noisy_gradients(answer, codes, self.samples, self.noise, seed)[0]

    def closed(
        self, weights: Float[Tensor, " concepts"], means: Float[Tensor, "images concepts"], constant: float
    ) -> Float[Tensor, "images concepts"]:
        """γ_i."""
        return weights.expand_as(means).clone()


@dataclass(frozen=True)
class VarGrad(Importance):
    """The variance of the gradient at noisy codes: how much it depends on where it is taken. It has no sign.

    Args:
        samples: Draws of noise.
        noise: Its deviation, as a share of the picture's largest code less its smallest.

    Raises:
        ValueError: For less than two draws, or noise that is not positive.
    """

    samples: int = 32
    noise: float = 0.2
    name: ClassVar[str] = "var_grad"

    def __post_init__(self) -> None:
        check_noise(self.name, self.samples, self.noise, least=2)

    def attribute(
        self, answer: Answer, codes: Float[Tensor, "images places concepts"], seed: int
    ) -> Float[Tensor, "images concepts"]:
        """The variance over draws."""
        return noisy_gradients(answer, codes, self.samples, self.noise, seed)[1]

    def closed(
        self, weights: Float[Tensor, " concepts"], means: Float[Tensor, "images concepts"], constant: float
    ) -> Float[Tensor, "images concepts"]:
        """0: the gradient is the same everywhere."""
        return torch.zeros_like(means)


def noisy_gradients(
    answer: Answer, codes: Float[Tensor, "images places concepts"], samples: int, noise: float, seed: int
) -> tuple[Float[Tensor, "images concepts"], Float[Tensor, "images concepts"]]:
    """Mean and variance over draws of noise of the gradient, summed over places.

    Args:
        answer: Whose gradient.
        codes: To which noise is added.
        samples: Draws, of which two at least have a variance (over their number less one).
        noise: Deviation, as a share of the span of the picture's codes.
        seed: Of the draws, made on the CPU so that devices agree.
    """
    generator = torch.Generator().manual_seed(seed)
    deviation = noise * (codes.amax((1, 2)) - codes.amin((1, 2)))[:, None, None]
    mean = torch.zeros_like(codes[:, 0])
    squares = torch.zeros_like(mean)
    for drawn in range(samples):  # Welford's sums: the squares of gradients that hardly vary would cancel out
        draw = torch.randn(codes.shape[1:], generator=generator).to(codes)
        gradient = gradients_at(answer, codes + deviation * draw).sum(1)
        difference = gradient - mean
        mean += difference / (drawn + 1)
        squares += difference * (gradient - mean)
    return mean, squares / max(1, samples - 1)


def check_noise(name: str, samples: int, noise: float, *, least: int) -> None:
    """Raise a ``ValueError`` for too few draws, or noise that is not positive."""
    if samples < least:
        raise ValueError(f"{name} takes {least} samples or more, got {samples}")
    if not noise > 0:
        raise ValueError(f"{name} takes noise above 0, got {noise}")
