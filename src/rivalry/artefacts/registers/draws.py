"""What is drawn in an image: patches, places of a permuted mask; each a pure function of a seed and an index.

So a result depends neither on the order of images nor on batches or ranks.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def draw_patches(index: Sequence[int], patches: int, seed: int) -> Int[Tensor, "batch patches"]:
    """All patches of every image in a drawn order."""
    drawn = [torch.randperm(patches, generator=_generator(seed, one)) for one in index]
    return torch.stack(drawn) if drawn else torch.zeros(0, patches, dtype=torch.long)


def permute_mask(mask: Bool[Tensor, "batch patches"], index: Sequence[int], seed: int) -> Bool[Tensor, "batch patches"]:
    """As many patches of every image, at drawn places: the control of what being an outlier means."""
    return mask.gather(1, draw_patches(index, mask.shape[1], seed + 1).to(mask.device))


def _generator(seed: int, index: int) -> torch.Generator:
    return torch.Generator().manual_seed((seed * 1_000_003 + index) % 2**63)
