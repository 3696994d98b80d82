"""Even draws by counter, made on the device where the images are.

The bits of :func:`rivalry.data.augmentation.randomness.draw_evenly`, which works in NumPy and is twice as fast on the
CPU. But noise for a batch of images is millions of draws a step, more than a GPU should wait for.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.data.augmentation.randomness import hashed


def drawn(seed: int, step: int, image: Int[Tensor, " batch"], columns: int) -> Float[Tensor, "batch {columns}"]:
    """Draw numbers in [0, 1) that depend on nothing but the arguments, a row an image.

    Args:
        seed: Of up to 63 bits, 0 or more.
        step: 0 or more.
        image: Numbers of images, on the device where the draws shall be.
        columns: Draws an image.
    """
    state = torch.full((1, 1), _signed(hashed(seed, step)), device=image.device)
    state = _mixed(state + image[:, None].long())
    state = _mixed(state + torch.arange(columns, device=image.device))
    return _shifted(state, 40).float() / 2**24


def _mixed(state: Int[Tensor, "rows columns"]) -> Int[Tensor, "rows columns"]:
    """SplitMix64 (Steele, Lea & Flood 2014) of 64 bits in signed integers, whose products wrap as unsigned ones do."""
    state = state * _signed(0x9E3779B97F4A7C15) + _signed(0x9E3779B97F4A7C15)
    state = (state ^ _shifted(state, 30)) * _signed(0xBF58476D1CE4E5B9)
    state = (state ^ _shifted(state, 27)) * _signed(0x94D049BB133111EB)
    return state ^ _shifted(state, 31)


def _shifted(state: Int[Tensor, "rows columns"], places: int) -> Int[Tensor, "rows columns"]:
    """Bits moved right, with zeros behind them: of signed integers torch repeats the sign."""
    return (state >> places) & ((1 << (64 - places)) - 1)


def _signed(bits: int) -> int:
    return bits - (1 << 64) if bits >> 63 else bits
