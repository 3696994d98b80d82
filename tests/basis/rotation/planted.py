"""Planted signals: one of some at every pixel, perhaps with others, two distractors that vary everywhere, bias +10."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def planted(
    seed: int,
    pixels: int = 3000,
    channels: int = 16,
    signals: int = 3,
    *,
    together: float = 0.0,
    noise: float = 0.2,
) -> tuple[Float[Tensor, "pixels channels"], Int[Tensor, " pixels"], Float[Tensor, "channels signals"]]:
    """Features, which signal each pixel shows, and the signals' directions; each other one is there by a chance too."""
    generator = torch.Generator().manual_seed(seed)
    patterns = torch.linalg.qr(torch.randn(channels, channels, generator=generator))[0][:, : signals + 2]
    which = torch.randint(signals, (pixels,), generator=generator)
    there = torch.nn.functional.one_hot(which, signals).bool()
    there |= torch.rand(pixels, signals, generator=generator) < together
    shown = there * (2 + torch.rand(pixels, signals, generator=generator))
    distractors = torch.randn(pixels, 2, generator=generator)
    blur = noise * torch.randn(pixels, channels, generator=generator)
    return torch.cat([shown, distractors], 1) @ patterns.T + blur + 10, which, patterns[:, :signals]
