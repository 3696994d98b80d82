"""Activations that are made of planted concepts, each row of few of them."""

import torch
from jaxtyping import Float
from torch import Tensor


def planted(
    samples: int = 300, channels: int = 20, concepts: int = 5, *, signed: bool = False, seed: int = 0
) -> tuple[Float[Tensor, "samples channels"], Float[Tensor, "samples concepts"], Float[Tensor, "concepts channels"]]:
    """Rows A = U V, codes U ≥ 0 of which about a third are not zero, and concepts V of disjoint channels.

    Every third channel of a signed concept is below zero.
    """
    generator = torch.Generator().manual_seed(seed)
    on = torch.rand(samples, concepts, generator=generator) < 0.35
    codes = on * (0.5 + torch.rand(samples, concepts, generator=generator))
    mask = torch.arange(channels) % concepts == torch.arange(concepts)[:, None]
    found = mask * (0.5 + torch.rand(concepts, channels, generator=generator))
    if signed:
        found = torch.where(torch.arange(channels) % 3 == 0, -found, found)
    return codes @ found, codes, found
