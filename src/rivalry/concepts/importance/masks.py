"""Importance by leaving concepts out: one at a time, or some at a time by chance.

    occlusion   h(u) − h(u without i)                               Zeiler & Fergus 2014
    RISE        E[h(u ⊙ m) | m_i = 1]                               Petsiuk et al. 2018

A mask m keeps each concept with probability p. Of RISE the differences between concepts of a picture speak; all share
a summand, p Σ_j γ_j ū_j + h(0) in the linear case.
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
class Occlusion(Importance):
    """What the logit loses when a concept is left out."""

    name: ClassVar[str] = "occlusion"

    def attribute(
        self, answer: Answer, codes: Float[Tensor, "images places concepts"], seed: int
    ) -> Float[Tensor, "images concepts"]:
        """One run for all concepts, and one without each."""
        concepts = codes.shape[2]
        masks = torch.ones(concepts + 1, concepts).to(codes)
        masks[1:].fill_diagonal_(0)
        logits = answer.masked(codes, masks.expand(len(codes), -1, -1))
        return logits[:, :1] - logits[:, 1:]

    def closed(
        self, weights: Float[Tensor, " concepts"], means: Float[Tensor, "images concepts"], constant: float
    ) -> Float[Tensor, "images concepts"]:
        """γ_i ū_i."""
        return weights * means


@dataclass(frozen=True)
class RISE(Importance):
    """The mean logit where a concept was kept and others by chance.

    Args:
        masks: How many are drawn, the same for all pictures.
        keep: p, the chance of a concept to be kept.

    Raises:
        ValueError: For less than one mask, or a chance that is not between 0 and 1.
    """

    masks: int = 512
    keep: float = 0.5
    name: ClassVar[str] = "rise"

    def __post_init__(self) -> None:
        if self.masks < 1:
            raise ValueError(f"rise takes 1 mask or more, got {self.masks}")
        if not 0 < self.keep < 1:
            raise ValueError(f"rise keeps concepts with a chance between 0 and 1, got {self.keep}")

    def attribute(
        self, answer: Answer, codes: Float[Tensor, "images places concepts"], seed: int
    ) -> Float[Tensor, "images concepts"]:
        """The mean of those masks that kept a concept; of one that none kept, the mean of all."""
        generator = torch.Generator().manual_seed(seed)
        masks = (torch.rand(self.masks, codes.shape[2], generator=generator) < self.keep).to(codes)
        masks[:, ~masks.any(0)] = 1
        logits = answer.masked(codes, masks.expand(len(codes), -1, -1))
        return logits @ (masks / masks.sum(0))

    def closed(
        self, weights: Float[Tensor, " concepts"], means: Float[Tensor, "images concepts"], constant: float
    ) -> Float[Tensor, "images concepts"]:
        """(1 − p) γ_i ū_i + p Σ_j γ_j ū_j + constant, the expectation over all masks."""
        added = weights * means
        return (1 - self.keep) * added + self.keep * added.sum(1, keepdim=True) + constant
