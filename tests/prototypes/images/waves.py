"""Small pictures with colours that vary together and a spectrum that falls."""

import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.nn import functional


def waves(
    pictures: int, channels: int, height: int, width: int, seed: int = 0
) -> UInt8[Tensor, "pictures channels _ _"]:
    """Blurred noise around a mean colour of its own; channels share a part of it."""
    generator = torch.Generator().manual_seed(seed)
    own = torch.rand(pictures, channels, height + 4, width + 4, generator=generator)
    shared = torch.rand(pictures, 1, height + 4, width + 4, generator=generator)
    blurred = functional.avg_pool2d(own + 2 * shared, 5, 1) / 3
    colour = torch.linspace(-0.1, 0.2, channels)[:, None, None]
    return ((blurred - 0.5) * 1.5 + 0.4 + colour).clamp(0, 1).mul(255).round().to(torch.uint8)
