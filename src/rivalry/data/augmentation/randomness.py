"""Random numbers that depend on nothing but what they are for.

A training draws for a picture by (seed, epoch, turn), where the turn is its index, plus the size of the set for every
time that the picture was shown before in the epoch. So what happens to it is the same for every number of workers, and
in a resumed run.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float, Int
from torch import Tensor


def draw_evenly(seed: int, epoch: int, index: Int[Tensor, " batch"], draws: int) -> Float[Tensor, "batch {draws}"]:
    """Draw numbers in [0, 1) that depend on nothing but the arguments, a row for every index.

    SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators") as a hash of
    (seed, epoch, index, position), of which the upper 24 bits are kept.

    >>> draw_evenly(0, 1, torch.tensor([5, 6]), 2).shape
    torch.Size([2, 2])
    """
    state = _mix(np.array([[seed]], np.int64).view(np.uint64))
    for part in (np.array([[epoch]]), index.cpu().numpy()[:, None], np.arange(draws)[None]):
        state = _mix(state + part.astype(np.uint64))
    return torch.from_numpy((state >> np.uint64(40)).astype(np.float32) / np.float32(2**24))


def hashed(*parts: int) -> int:
    """A number of 64 bits that depends on every part and on their order; SplitMix64, as in `draw_evenly`.

    >>> hashed(0, 1) != hashed(1, 0)
    True
    """
    state = np.zeros(1, np.uint64)
    for part in parts:
        state = _mix(state + np.array([part], np.int64).view(np.uint64))
    return int(state[0])


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let transforms that draw from the global generators of torch (CPU), NumPy and Python draw by this seed.

    All three are put back as they were, so that nobody else's draws change.
    """
    python, numpy, pytorch = random.getstate(), np.random.get_state(), torch.get_rng_state()
    random.seed(seed)
    np.random.seed([seed & 0xFFFFFFFF, seed >> 32])
    torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed the accelerator, too
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_rng_state(pytorch)


def _mix(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    state = state * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
