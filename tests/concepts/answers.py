"""Answers of which a test can say what must come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from rivalry.concepts.answer import Answer, LinearAnswer
from rivalry.concepts.extraction.dictionary import Dictionary, Fitted


class Formula(Answer):
    """A logit by formula, of codes (batch, places, concepts); to the methods it is any network."""

    numbers = 1

    def __init__(self, concepts: int, formula: Callable[[Tensor], Tensor]) -> None:
        self.concepts, self.formula = concepts, formula

    def __call__(self, codes: Tensor, image: Tensor) -> Tensor:
        return self.formula(codes)


@dataclass(frozen=True, eq=False)
class Written(Dictionary):
    """A dictionary that is given; what encodes is not asked."""

    fitted: Fitted = field(default_factory=lambda: Fitted(0, True, 0.0))

    def encode(self, rows: Tensor) -> Tensor:
        raise NotImplementedError


def linear(concepts: int = 5, images: int = 4, places: int = 3, *, seed: int = 0) -> tuple[LinearAnswer, Tensor]:
    """A linear answer and codes, of both signs."""
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(concepts, generator=generator)
    return LinearAnswer(weights, 0.7), torch.randn(images, places, concepts, generator=generator)


def unlinear(concepts: int = 5, *, seed: int = 0) -> Formula:
    """A small network of codes: each place is bent, and places are mixed."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        place = nn.Sequential(nn.Linear(concepts, 8), nn.Tanh(), nn.Linear(8, 4)).double().requires_grad_(False)
        whole = nn.Sequential(nn.Linear(4, 6), nn.Softplus(), nn.Linear(6, 1)).double().requires_grad_(False)

    def formula(codes: Tensor) -> Tensor:
        return 50 * whole(place(codes.double()).mean(1)).squeeze(1).to(codes)

    return Formula(concepts, formula)


def as_formula(answer: LinearAnswer) -> Formula:
    """The same answer, of which the methods do not know that it is linear."""
    return Formula(answer.concepts, lambda codes: codes.mean(1) @ answer.weights + answer.constant)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    """Numbers from 0 to 1, the same in every run."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))
