"""The fused competition on the CPU: our C++ (``competition.cpp``), called for tensors as they lie in memory.

C++ that is compiled on first use was chosen over code that inductor makes of the plain formula: it is the same in
compiled and in eager networks, and does not store noise; docs/speed.md has both, measured.
"""

from __future__ import annotations

import ctypes
import functools
import math
from pathlib import Path
from typing import get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.lwta.competition import refuse_non_finite
from rivalry.lwta.kernels.reference import Contest, Rule
from rivalry.numerics.native import native_library

DTYPES = (torch.float32, torch.bfloat16)
"""What it computes with; others go through the reference."""

_SOURCE = Path(__file__).with_name("competition.cpp")
_TENSOR, _LENGTH, _FLAG, _FACTOR = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int, ctypes.c_float
_SETTINGS = (_FLAG, _LENGTH, _LENGTH, _LENGTH, _FLAG, _LENGTH, _LENGTH, _FACTOR, _FACTOR, _FLAG)


def forward(
    activations: Float[Tensor, "..."], contest: Contest, *, wants_winners: bool
) -> tuple[Float[Tensor, "..."], Int[Tensor, "..."]]:
    """As :func:`rivalry.lwta.kernels.reference.forward`, in one pass; the output lies in memory as its input does.

    Raises:
        ValueError: If an activation is NaN or infinite.
    """
    h, shape = _as_it_lies(activations, contest.dim)
    y = torch.empty_like(h)
    winners = _winners_like(h, contest) if wants_winners else torch.empty(0, dtype=torch.long)
    room = winners.data_ptr() if wants_winners else None
    if not library().rivalry_forward(h.data_ptr(), y.data_ptr(), room, *_settings(h, shape, contest)):
        refuse_non_finite(activations)
    return y, winners


def backward(
    gradient: Float[Tensor, "..."], activations: Float[Tensor, "..."], contest: Contest
) -> Float[Tensor, "..."]:
    """As :func:`rivalry.lwta.kernels.reference.backward`, in one pass; noise is made again, not read."""
    h, shape = _as_it_lies(activations, contest.dim)
    pull = gradient if gradient.stride() == h.stride() else torch.empty_like(h).copy_(gradient)
    result = torch.empty_like(h)
    tensors = (pull.data_ptr(), h.data_ptr(), result.data_ptr())
    library().rivalry_backward(*tensors, *_settings(h, shape, contest))
    return result


@functools.cache
def library() -> ctypes.CDLL:
    """Our C++, compiled.

    Raises:
        NotCompiled: If there is no compiler.
    """
    compiled = native_library(_SOURCE)
    for function in (compiled.rivalry_forward, compiled.rivalry_backward):
        function.argtypes = (_TENSOR, _TENSOR, _TENSOR, *_SETTINGS)
    compiled.rivalry_backward.restype = None
    return compiled


def _as_it_lies(tensor: Tensor, dim: int) -> tuple[Tensor, tuple[int, int, int]]:
    """The tensor, copied only where it is neither contiguous nor has its units last, as outer × units × inner."""
    units = tensor.shape[dim]
    if tensor.movedim(dim, -1).is_contiguous():
        return tensor, (tensor.numel() // max(units, 1), units, 1)
    dim %= tensor.ndim
    return tensor.contiguous(), (math.prod(tensor.shape[:dim]), units, math.prod(tensor.shape[dim + 1 :]))


def _winners_like(h: Tensor, contest: Contest) -> Tensor:
    """Room for the winners, in the order of memory of ``h``."""
    blocks = h.shape[contest.dim] // contest.competitors
    return torch.empty_like(h.narrow(contest.dim, 0, blocks), dtype=torch.long)


def _settings(h: Tensor, shape: tuple[int, int, int], contest: Contest) -> tuple[int | float, ...]:
    """What both functions take after their three tensors."""
    seed, sharpness, temperature, competitors, _, rule = contest
    of_draw = (get_args(Rule).index(rule), competitors, int(seed), float(sharpness), float(temperature))
    return (h.dtype == torch.bfloat16, *shape, *of_draw, torch.get_num_threads())
