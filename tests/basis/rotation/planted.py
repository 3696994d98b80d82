"""Planted signals: one of some at every pixel, two distractors that vary everywhere, bias +10."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def planted(
    seed: int, pixels: int = 3000, channels: int = 16, signals: int = 3
) -> tuple[Float[Tensor, "pixels channels"], Int[Tensor, " pixels"], Float[Tensor, "channels signals"]]:
    """Features, which signal each pixel shows, and the signals' directions."""
    generator = torch.Generator().manual_seed(seed)
    patterns = torch.linalg.qr(torch.randn(channels, channels, generator=generator))[0][:, : signals + 2]
    which = torch.randint(signals, (pixels,), generator=generator)
    shown = torch.nn.functional.one_hot(which, signals) * (2 + torch.rand(pixels, 1, generator=generator))
    distractors = torch.randn(pixels, 2, generator=generator)
    noise = 0.2 * torch.randn(pixels, channels, generator=generator)
    return torch.cat([shown, distractors], 1) @ patterns.T + noise + 10, which, patterns[:, :signals]
