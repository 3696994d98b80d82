"""Results that do not depend on the number of ranks.

A ``DistributedSampler`` gives rank ``r`` of ``world`` the samples at positions ``r, r + world, r + 2·world, …`` of the
(shuffled) order, and pads the order with its own beginning to a multiple of ``world``. A sample whose position is not
below the true total is such a duplicate: it is left out here, else 7 samples on 2 ranks would count as 8.
"""

from __future__ import annotations

import torch
import torch.distributed
from jaxtyping import Bool, Shaped
from torch import Tensor


def keep_once(seen_before: int, batch_size: int, rank: int, world: int, total: int) -> Bool[Tensor, " batch"]:
    """Say which rows of a rank's next batch are no padding.

    Args:
        seen_before: Samples that this rank has had before, in this pass.
        batch_size: Samples in the batch.
        rank: This rank, from 0.
        world: Number of ranks.
        total: Samples in the whole set, without padding.

    >>> keep_once(seen_before=2, batch_size=2, rank=1, world=2, total=7)
    tensor([ True, False])
    """
    positions = rank + world * torch.arange(seen_before, seen_before + batch_size)
    return positions < total


def rank_and_world() -> tuple[int, int]:
    """This process' rank and the number of ranks; ``(0, 1)`` where nothing is distributed."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1


def sum_over_ranks(part: Shaped[Tensor, "..."]) -> Shaped[Tensor, "..."]:
    """Add up what the ranks hold, in place. A collective where there are several."""
    if rank_and_world()[1] > 1:
        torch.distributed.all_reduce(part)
    return part
