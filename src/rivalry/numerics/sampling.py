"""Some of many, drawn by a seed and their number alone: the same on every device and on any number of ranks."""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor


def draw(total: int, count: int, seed: int) -> Int[Tensor, " drawn"]:
    """Places from 0 to ``total`` − 1 in the order in which they were drawn; all of them where there are no more.

    Fewer of the same seed are the first of more.

    >>> sorted(draw(3, 5, seed=0).tolist()), len(draw(100, 5, seed=0))
    ([0, 1, 2], 5)
    """
    return torch.randperm(total, generator=torch.Generator().manual_seed(seed))[:count]


def halves(samples: int, *, seed: int) -> tuple[Int[Tensor, " first"], Int[Tensor, " second"]]:
    """Part samples into two halves by seed, ascending; the first is the larger where their number is odd.

    >>> [len(half) for half in halves(5, seed=0)]
    [3, 2]
    """
    order = draw(samples, samples, seed)
    middle = (samples + 1) // 2
    return order[:middle].sort().values, order[middle:].sort().values
