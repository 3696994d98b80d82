"""How few channels carry a token: the participation ratio, and massive activations.

    PR(a) = (Σ a²)² / Σ a⁴                 massive: |a| > 100 and |a| > 1000 · median |a|

PR is 1 where one channel carries all, and the number of channels where all carry alike. Massive activations are those
of Sun et al., "Massive Activations in Large Language Models" (COLM 2024); the median is that of one image's tokens.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

MASSIVE = 100.0
MASSIVE_MULTIPLE = 1000.0


def participation_ratio(tokens: Float[Tensor, "*batch channels"]) -> Float[Tensor, "*batch"]:
    """The number of channels that share a token, from 1 to all; NaN for a token of zeros.

    >>> participation_ratio(torch.tensor([[0.0, 5.0, 0.0, 0.0], [1.0, -1.0, 1.0, 1.0]]))
    tensor([1., 4.])
    """
    squares = torch.nn.functional.normalize(tokens.float(), dim=-1).square()
    return squares.sum(-1).square() / squares.square().sum(-1)


def massive_activations(tokens: Float[Tensor, "batch tokens channels"]) -> Bool[Tensor, "batch channels"]:
    """In which channels an image has a massive activation, at any of its tokens."""
    sizes = tokens.float().abs()
    strongest = sizes.amax(1)
    if not bool((strongest > MASSIVE).any()):  # spares the median, which costs more than all else here
        return torch.zeros_like(strongest, dtype=torch.bool)
    return (strongest > MASSIVE) & (strongest > MASSIVE_MULTIPLE * sizes.flatten(1).median(1, keepdim=True).values)
