"""How much the directions of a basis repeat each other, and how sparse its answers are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

_NUMBERS_AT_ONCE = 2**22


def redundancy(weights: Float[Tensor, "channels directions"]) -> Float[Tensor, " directions"]:
    """Largest |cosine| of each direction with another one; NaN of a direction alone.

    >>> redundancy(torch.tensor([[1.0, -2.0, 0.0], [0.0, 0.0, 1.0]]))
    tensor([1., 1., 0.])
    """
    if weights.shape[1] < 2:
        return torch.full_like(weights[0], torch.nan)
    unit = functional.normalize(weights, dim=0)
    return (unit.T @ unit).abs().fill_diagonal_(-torch.inf).amax(1)


@dataclass(frozen=True)
class Sparsity:
    """How sparse the answers y = σ(z) of directions are on some pixels.

    Attributes:
        active: Share of the directions that are on (y > ½), mean over pixels.
        entropy: Of the directions' shares of a pixel in bits, mean over pixels.
        dead: Share of the directions that are on at no pixel.
        hoyer: Mean over pixels of (√I − ‖y‖₁/‖y‖₂) / (√I − 1): 0 where all answer alike, 1 where one alone does.
    """

    active: float
    entropy: float
    dead: float
    hoyer: float


def sparsity(scores: Float[Tensor, "pixels directions"]) -> Sparsity:
    """How sparse answers are, from the scores z of some pixels; NaN of no pixel, and Hoyer's of a single direction.

    >>> sparsity(torch.tensor([[50.0, -50.0], [50.0, -50.0]])).active
    0.5
    """
    count, directions = scores.shape
    totals = torch.zeros(3, dtype=torch.double, device=scores.device)
    alive = torch.zeros(directions, dtype=torch.bool, device=scores.device)
    for part in torch.split(scores, max(1, _NUMBERS_AT_ONCE // directions)):
        log_activations = functional.logsigmoid(part)
        log_shares = log_activations - log_activations.logsumexp(1, keepdim=True)
        entropies = -(log_shares.exp() * log_shares).sum(1) / math.log(2)
        on = part > 0
        alive |= on.any(0)
        totals += torch.stack([on.double().mean(1).sum(), entropies.sum(), _hoyer(log_activations).sum()])
    active, entropy, hoyer = (totals / count).tolist() if count else [math.nan] * 3
    return Sparsity(active, entropy, float((~alive).double().mean()) if count else math.nan, hoyer)


def _hoyer(log_activations: Float[Tensor, "pixels directions"]) -> Float[Tensor, " pixels"]:
    """Hoyer's sparseness of each pixel; from logarithms, so that a pixel at which all are off has one too."""
    root = math.sqrt(log_activations.shape[1])
    ratio = (log_activations.logsumexp(1) - (2 * log_activations).logsumexp(1) / 2).exp()
    return (root - ratio) / (root - 1) if root > 1 else torch.full_like(ratio, torch.nan)
