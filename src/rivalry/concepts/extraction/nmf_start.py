"""Where a non-negative factorisation starts: at the non-negative parts of singular vectors (NNDSVD).

Boutsidis & Gallopoulos, "SVD based initialization: a head start for nonnegative matrix factorization" (2008). Of each
pair of singular vectors the parts of one sign are taken, those that carry more. The vectors are those of a randomised
range (Halko, Martinsson & Tropp 2011): a start need not be exact.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

_SPARE = 10
_POWERS = 2


def first_concepts(
    rows: Float[Tensor, "samples channels"], concepts: int, seed: int
) -> Float[Tensor, "concepts channels"]:
    """Non-negative concepts to begin with; where singular vectors run out, rows that are drawn.

    Args:
        rows: Not negative.
        concepts: How many.
        seed: Of what is drawn, on the CPU.
    """
    generator = torch.Generator().manual_seed(seed)
    found = _one_sided(*_singular(rows, concepts, generator))
    drawn = rows[torch.randperm(len(rows), generator=generator)[:concepts].to(rows.device)].clone()
    there = found.any(1)
    drawn[: len(found)][there] = found[there]
    return drawn


def _singular(rows: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """About the leading left and right singular vectors, as columns; as many as there are."""
    width = min(count + _SPARE, *rows.shape)
    basis = torch.randn(rows.shape[1], width, generator=generator).to(rows)
    for _ in range(_POWERS):
        basis = torch.linalg.qr(rows.T @ torch.linalg.qr(rows @ basis).Q).Q
    left, values, right = torch.linalg.svd(rows @ basis, full_matrices=False)
    kept = (values > 1e-6 * values[0]).nonzero()[:count, 0]
    return left[:, kept], basis @ right.T[:, kept]


def _one_sided(left: Tensor, right: Tensor) -> Float[Tensor, "concepts channels"]:
    positive = left.relu().norm(dim=0) * right.relu().norm(dim=0)
    negative = (-left).relu().norm(dim=0) * (-right).relu().norm(dim=0)
    return (right * torch.where(positive >= negative, 1, -1)).relu().T
