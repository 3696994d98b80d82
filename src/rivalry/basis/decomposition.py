"""What a class is made of: its weights as a sum of the weights of concepts and of what no concept explains.

Zhou, Sun, Bau & Torralba, "Interpretable Basis Decomposition for Visual Explanation" (ECCV 2018):

    w_class ≈ Σ_j s_j q_j + r          s_j > 0, seven concepts at most, chosen greedily

q_j being the direction of a concept's probe. It wants a classifier that reads the mean of a layer over its places, so
that a class has one weight a channel. How the greedy step and the sum are made is not known to us; here the concept of
largest cosine with what is left comes next (orthogonal matching pursuit), and the factors are those of non-negative
least squares. Both are made in the layer's standardised space, in which a channel of large numbers says no more than
another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

CONCEPTS = 7
"""Concepts a class is decomposed into."""

_NOTHING = 1e-6


@dataclass(frozen=True)
class Decomposition:
    """What one class is made of.

    Attributes:
        concepts: Positions of the probes, in the order in which they were chosen, without those whose factor is 0.
        factors: s of each, for probes of length 1 and class weights of length 1.
        explained: 1 − ‖r‖² / ‖w‖², from 0 to 1.
    """

    concepts: tuple[int, ...]
    factors: tuple[float, ...]
    explained: float


def decompose(
    weights: Float[Tensor, " channels"], probes: Float[Tensor, "channels probes"], *, most: int = CONCEPTS
) -> Decomposition:
    """Decompose the weights of one class.

    Args:
        weights: Of the class.
        probes: Of the concepts; both of the same standardised features.
        most: How many concepts at most.

    >>> import torch
    >>> decompose(torch.tensor([3.0, 4.0, 0.0]), torch.eye(3)[:, :2])
    Decomposition(concepts=(1, 0), factors=(0.8, 0.6), explained=1.0)
    """
    from scipy.optimize import nnls

    target = functional.normalize(weights.double(), dim=0).cpu().numpy()
    columns = functional.normalize(probes.double(), dim=0).cpu().numpy()
    chosen: list[int] = []
    factors, left = np.zeros(0), target
    for _ in range(min(most, columns.shape[1])):
        cosines = columns.T @ left
        cosines[chosen] = -np.inf
        if cosines.max() <= _NOTHING:  # nothing that is left points the way of a concept
            break
        chosen.append(int(cosines.argmax()))
        factors, _ = nnls(columns[:, chosen], target)
        left = target - columns[:, chosen] @ factors
    kept = [(one, round(float(factor), 6)) for one, factor in zip(chosen, factors, strict=True) if factor > 0]
    explained = max(0.0, round(1 - float(left @ left), 6)) if target.any() else 0.0
    return Decomposition(tuple(one for one, _ in kept), tuple(factor for _, factor in kept), explained)
