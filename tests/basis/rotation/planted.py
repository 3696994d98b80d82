"""Planted signals: 16 channels, one of three signals at every pixel, two distractors that vary everywhere, bias +10."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def planted(seed: int, pixels: int = 3000) -> tuple[Float[Tensor, "pixels 16"], Int[Tensor, " pixels"]]:
    """Features, and which signal each pixel shows."""
    generator = torch.Generator().manual_seed(seed)
    patterns = torch.linalg.qr(torch.randn(16, 16, generator=generator))[0][:, :5]
    which = torch.randint(3, (pixels,), generator=generator)
    signals = torch.nn.functional.one_hot(which, 3) * (2 + torch.rand(pixels, 1, generator=generator))
    distractors = torch.randn(pixels, 2, generator=generator)
    noise = 0.2 * torch.randn(pixels, 16, generator=generator)
    return torch.cat([signals, distractors], 1) @ patterns.T + noise + 10, which
