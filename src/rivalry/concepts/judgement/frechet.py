"""The Fréchet distance of Gaussians fitted to activations and to what is given back, without a channels² matrix.

    ‖μ₁ − μ₂‖² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁ Σ₂)^½

(Dowson & Landau 1982.) With Σ₁ = XᵀX and Σ₂ = YᵀY of centred rows over √(samples − 1), tr (Σ₁ Σ₂)^½ is the sum of the
singular values of X Yᵀ. What is given back has low rank, Y = U V, so that X Yᵀ = (X Vᵀ) Uᵀ, and two QR decompositions
of samples × concepts leave a concepts × concepts matrix: exact, and all that is of the size of X is one product.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor


def frechet(
    rows: Float[Tensor, "samples channels"],
    codes: Float[Tensor, "samples concepts"],
    concepts: Float[Tensor, "concepts channels"],
) -> float:
    """Squared Fréchet distance of the Gaussians of A and U V, in squared units of the activations, from 0, ↓.

    NaN of a single row, which has no covariance.

    >>> rows = torch.tensor([[0.0], [2.0]])
    >>> round(frechet(rows, rows, torch.tensor([[2.0]])), 6)
    3.0
    """
    if len(rows) < 2:
        return math.nan
    real, codes, concepts = rows.double(), codes.double(), concepts.double()
    root = math.sqrt(len(rows) - 1)
    means = real.mean(0), codes.mean(0)
    real, codes = (real - means[0]) / root, (codes - means[1]) / root
    shift = (means[0] - means[1] @ concepts).square().sum()
    own = real.square().sum() + ((codes.T @ codes) * (concepts @ concepts.T)).sum()
    first, second = (torch.linalg.qr(part, mode="r").R for part in (real @ concepts.T, codes))
    common = torch.linalg.matrix_norm(first @ second.T, ord="nuc")
    return float((shift + own - 2 * common).clamp(min=0))
