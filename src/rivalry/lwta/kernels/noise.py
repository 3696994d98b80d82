"""The random numbers of a competition: functions of a seed and a counter, so that nothing of them is ever stored.

Backward makes the numbers of forward again, and every kernel makes the same ones. A counter belongs to a unit, or to a
block, at a position, and does not depend on how a tensor lies in memory. A counter is keyed by the seed and spread by a
multiplication, keyed once more and hashed: a 32-bit integer hash of two multiplications between shifts, with the
constants of the public-domain hash-prospector project. Tests look at its uniformity, at neighbouring counters, and at
neighbouring seeds. After 2³² counters it begins anew.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

OF_UNITS, OF_BLOCKS = 0, 1
"""Streams: numbers of different streams have nothing to do with one another."""

_WORD = 0xFFFFFFFF
_GOLDEN = 0x9E3779B9
_SPREAD = 0x9E3779B1


def new_seed(device: torch.device, generator: torch.Generator | None = None) -> Int[Tensor, ""]:
    """A seed from a generator (by default the global one of the device), on the device: nobody waits for it."""
    return torch.randint(2**63 - 1, (), generator=generator, device=device)


def uniform(counter: Int[Tensor, "*shape"], seed: Int[Tensor, ""], stream: int) -> Float[Tensor, "*shape"]:
    """Single-precision uniforms of (0, 1), multiples of 2⁻²³ plus a half of it: neither end comes.

    >>> uniform(torch.arange(3), torch.tensor(7), OF_UNITS)
    tensor([0.5527, 0.7284, 0.8634])
    """
    low, high = seed & _WORD, (seed >> 32) & _WORD
    first, second = low ^ _mix(high), high ^ _mix(low) ^ (stream * _GOLDEN & _WORD)
    spread = (((counter & _WORD) ^ first) * _SPREAD) & _WORD
    bits = _mix(((spread ^ (spread >> 15)) + second) & _WORD)
    return ((bits >> 9).float() + 0.5) * 2.0**-23


def unit_counters(shape: torch.Size, dim: int, device: torch.device) -> Int[Tensor, "..."]:
    """A number for every unit at every position: position times units plus unit, positions in the tensor's own order.

    Args:
        shape: Of the activations, or of the winners: then of every block.
        dim: Axis of units, or of blocks.
        device: Where to make them.
    """
    positions = [size for axis, size in enumerate(shape) if axis != dim % len(shape)]
    position = torch.arange(math.prod(positions), device=device).view(positions)
    unit = torch.arange(shape[dim], device=device).view([-1 if a == dim % len(shape) else 1 for a in range(len(shape))])
    return position.unsqueeze(dim % len(shape)) * shape[dim] + unit


def _mix(x: Tensor) -> Tensor:
    """The hash of 32 bits, in integers of 64."""
    x = ((x ^ (x >> 16)) * 0x21F0AAAD) & _WORD
    x = ((x ^ (x >> 15)) * 0xD35A2D97) & _WORD
    return x ^ (x >> 15)
