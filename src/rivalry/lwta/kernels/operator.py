"""One operator for the competition: eager and compiled networks, autograd, every device.

It is opaque to ``torch.compile``, so both draw the same; it keeps the activations and the seed for backward, nothing
else. CPU tensors go to our C++, CUDA tensors to Triton, all others to the reference, as do precisions without a kernel.
"""

from __future__ import annotations

import functools
import importlib.util
import warnings
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from rivalry.lwta.competition import refuse_non_finite, split_blocks
from rivalry.lwta.kernels import cpu, reference
from rivalry.lwta.kernels.reference import Contest
from rivalry.numerics.native import NotCompiled

_SETTINGS = "Tensor seed, Tensor sharpness, Tensor temperature, int competitors, int dim, str rule"

# A compiler may hand over any layout: what it would else insert are transposed copies, before and after.
_TAGS = (torch.Tag.flexible_layout,)


@torch.library.custom_op(
    "rivalry::compete",
    mutates_args=(),
    tags=_TAGS,
    schema=f"(Tensor activations, {_SETTINGS}, bool wants_winners) -> (Tensor, Tensor)",
)
def compete(activations: Tensor, *settings: Any) -> tuple[Tensor, Tensor]:
    """Output and winners, both laid out as the activations; the settings are those of a ``Contest``.

    Raises:
        ValueError: If the units do not divide into blocks, or (on the CPU, where it costs no synchronisation) an
            activation is NaN or infinite.
    """
    *how, wants_winners = settings
    contest = Contest(*how)
    split_blocks(activations, contest.competitors, contest.dim)  # refuses what does not divide
    kernel = _kernel(activations.device.type, activations.dtype)
    if kernel is reference and activations.device.type == "cpu":
        refuse_non_finite(activations)
    output, winners = kernel.forward(activations, contest, wants_winners=wants_winners)
    if wants_winners:
        winners = _laid_out(winners, _of_blocks(activations, contest.competitors, contest.dim))
    return _laid_out(output, activations), winners


@torch.library.custom_op(
    "rivalry::compete_backward",
    mutates_args=(),
    tags=_TAGS,
    schema=f"(Tensor gradient, Tensor activations, {_SETTINGS}) -> Tensor",
)
def compete_backward(gradient: Tensor, activations: Tensor, *settings: Any) -> Tensor:
    """The gradient of the activations."""
    kernel = _kernel(activations.device.type, activations.dtype)
    return _laid_out(kernel.backward(gradient, activations, Contest(*settings)), activations)


@compete.register_fake
def _(activations: Tensor, *settings: Any) -> tuple[Tensor, Tensor]:
    *_, competitors, dim, _rule, wants_winners = settings
    split_blocks(activations, competitors, dim)
    like = _of_blocks(activations, competitors, dim)
    winners = torch.empty_like(like, dtype=torch.long) if wants_winners else like.new_empty(0, dtype=torch.long)
    return torch.empty_like(activations), winners


@compete_backward.register_fake
def _(_gradient: Tensor, activations: Tensor, *_: Any) -> Tensor:
    return torch.empty_like(activations)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    activations, seed, sharpness, temperature, *settings, _wants_winners = inputs
    ctx.save_for_backward(activations, seed, sharpness, temperature)
    ctx.settings = settings


def _pull_back(ctx: Any, gradient: Tensor, _winners: Tensor) -> tuple[Tensor | None, ...]:
    return compete_backward(gradient, *ctx.saved_tensors, *ctx.settings), *(None,) * 7


compete.register_autograd(_pull_back, setup_context=_keep)


@functools.cache
def _kernel(device: str, dtype: torch.dtype) -> ModuleType:
    """What computes on a device in a precision; says so, once, where it is the slow way."""
    why = f"there is none for {dtype} on {device}"
    if device == "cuda" and not importlib.util.find_spec("triton"):
        why = "Triton is not installed"
    elif device == "cuda":
        from rivalry.lwta.kernels import triton

        if dtype in triton.DTYPES:
            return triton
    elif device == "cpu" and dtype in cpu.DTYPES:
        try:
            cpu.library()
            return cpu
        except NotCompiled as error:
            why = str(error)
    warnings.warn(f"LWTA layers run without a fused kernel, several times slower: {why}", stacklevel=2)
    return reference


def _of_blocks(activations: Tensor, competitors: int, dim: int) -> Tensor:
    """A tensor with blocks in place of units, and the same order of memory."""
    return activations.narrow(dim, 0, activations.shape[dim] // competitors)


def _laid_out(tensor: Tensor, like: Tensor) -> Tensor:
    """The tensor, in the layout that was promised to the compiler."""
    if tensor.stride() == like.stride():
        return tensor
    promised = torch.empty_like(like, dtype=tensor.dtype, device="meta")
    return tensor if tensor.stride() == promised.stride() else torch.empty_like(like, dtype=tensor.dtype).copy_(tensor)
