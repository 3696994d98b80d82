"""Stochastic local winner-takes-all: units stand in blocks, one of each block wins, the rest are silent.

The competition of Panousis & Chatzis, "DISCOVER: Making Vision Networks Interpretable via Competition and Dissection"
(NeurIPS 2023). In a block of ``U`` linear competitors with activations ``h`` the winner is drawn from

    q(u) = softmax(β · h)_u ,        β = 1 in the paper,

by the Gumbel-max trick, ``winner = argmax(β · h + g)``, and the output is ``h`` at the winner and zero elsewhere. It is
linear in the winner, so a winner may be negative. The backward pass of the draw is the hard straight-through
Gumbel-softmax: the mask's value is one-hot, its gradient that of ``softmax((β · h + g) / T)``. The temperature ``T``
therefore shapes gradients only.

All functions here are pure. ``dim`` names the axis of units; the ``competitors`` of a block are consecutive along it.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

PAPER_TEMPERATURE = 1.67
"""The relaxation temperature of the released code."""

Scale: TypeAlias = float | Float[Tensor, ""]
"""A positive factor; as a tensor of no dimensions it may change between steps of a compiled network."""

_NOISE_EPSILON = 1e-5


def compete(
    activations: Float[Tensor, "*batch blocks competitors"],
    *,
    sharpness: Scale = 1.0,
    generator: torch.Generator | None = None,
) -> Int[Tensor, "*batch blocks"]:
    """Draw each block's winner from ``softmax(sharpness · activations)``.

    Args:
        activations: Finite values; competitors along the last axis.
        sharpness: The factor β > 0 on the logits of the draw; 1 is the paper's, larger is nearer to argmax.
        generator: Source of randomness on the device of ``activations``; the global one by default.

    Returns:
        The winners' places in their blocks, in ``[0, competitors)``.

    Raises:
        ValueError: If an activation is NaN or infinite.

    >>> compete(torch.tensor([[[0.0, 99.0]]]))
    tensor([[1]])
    """
    refuse_non_finite(activations)
    noise = gumbel_noise(activations, generator=generator)
    return leaders(activations * sharpness + noise, dim=-1)


def gumbel_noise(like: Float[Tensor, "*shape"], *, generator: torch.Generator | None = None) -> Float[Tensor, "*shape"]:
    """Standard Gumbel noise of the shape, device and (at least single) precision of ``like``."""
    dtype = torch.promote_types(like.dtype, torch.float32)
    uniform = torch.rand(like.shape, dtype=dtype, device=like.device, generator=generator)
    return gumbel_from_uniform(uniform)


def gumbel_from_uniform(uniform: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """``-log(-log(u + ε) + ε)`` with the released code's ε = 1e-5, for uniforms in [0, 1)."""
    return -torch.log(-torch.log(uniform + _NOISE_EPSILON) + _NOISE_EPSILON)


def straight_through(
    gradient: Float[Tensor, "..."],
    activations: Float[Tensor, "..."],
    winners: Int[Tensor, "..."],
    logits: Float[Tensor, "..."],
    competitors: int,
    dim: int,
    *,
    temperature: Scale = PAPER_TEMPERATURE,
    sharpness: Scale = 1.0,
) -> Float[Tensor, "..."]:
    """From the gradient of a draw's output to that of its input: ``g·m + (β/T)·s·(g·h − Σ s·g·h)``.

    m is the winner's mask and ``s = softmax(logits / T)`` the relaxed winner: the hard straight-through estimator of
    Jang, Gu & Poole, "Categorical Reparameterization with Gumbel-Softmax" (ICLR 2017), where the logits hold the noise.

    Args:
        gradient: Of the output.
        activations: h, with units along ``dim``.
        winners: Of the draw, with blocks along ``dim``.
        logits: ``β · h`` with the noise of the draw; blocks and competitors as two axes in place of ``dim``.
        competitors: Units in a block, U.
        dim: Axis of units.
        temperature: T > 0 of the relaxation.
        sharpness: β > 0.
    """
    axis = _competitor_axis(dim, activations.ndim)
    relaxed = torch.softmax(logits / temperature, dim=axis)
    pull = split_blocks(gradient.to(relaxed.dtype) * activations, competitors, dim)
    through_draw = relaxed * (pull - (relaxed * pull).sum(axis, keepdim=True)) * (sharpness / temperature)
    through_value = silence_losers(gradient, winners, competitors, dim)
    return (through_value + through_draw.reshape(gradient.shape)).to(gradient.dtype)


def win_by_argmax(
    activations: Float[Tensor, "..."], competitors: int, dim: int
) -> tuple[Float[Tensor, "..."], Int[Tensor, "..."]]:
    """Let the strongest competitor of each block win; ties go to the first. Without noise, exportable.

    >>> win_by_argmax(torch.tensor([[1.0, 3.0, -2.0, -1.0]]), competitors=2, dim=1)
    (tensor([[ 0.,  3.,  0., -1.]]), tensor([[1, 1]]))
    """
    winners = leaders(split_blocks(activations, competitors, dim), dim=_competitor_axis(dim, activations.ndim))
    return silence_losers(activations, winners, competitors, dim), winners


def win_in_expectation(
    activations: Float[Tensor, "..."], competitors: int, dim: int, *, sharpness: Scale = 1.0
) -> tuple[Float[Tensor, "..."], Int[Tensor, "..."]]:
    """Give every unit its expected output, ``h · softmax(β · h)``: dense, nobody is silent; the likeliest win."""
    blocked = split_blocks(activations, competitors, dim)
    axis = _competitor_axis(dim, activations.ndim)
    chance = torch.softmax(blocked * sharpness, dim=axis)
    return (blocked * chance).reshape(activations.shape), leaders(blocked.detach(), dim=axis)


def mean_lead(activations: Float[Tensor, "pictures ..."], competitors: int, dim: int) -> Float[Tensor, " pictures"]:
    """How far the winners of each picture are above their runners-up, the mean over blocks; 1 where all of them tie.

    >>> mean_lead(torch.tensor([[1.0, 3.0, -2.0, -1.0], [5.0, 5.0, 0.0, 0.0]]), competitors=2, dim=1)
    tensor([1.5000, 1.0000])
    """
    axis = _competitor_axis(dim, activations.ndim)
    first, second = split_blocks(activations, competitors, dim).topk(2, dim=axis).values.unbind(axis)
    lead = (first - second).flatten(1).mean(1)
    return torch.where(lead > 0, lead, 1.0)


def leaders(logits: Float[Tensor, "..."], dim: int) -> Int[Tensor, "..."]:
    """Index of the largest along ``dim``; ties go to the first, so that exactly one wins.

    On the CPU ``argmax`` over an axis that is not the last runs on one thread and very slowly; there a running maximum
    over the competitors takes its place.
    """
    dim = dim % logits.ndim
    if dim == logits.ndim - 1 or logits.device.type != "cpu" or torch.compiler.is_compiling():
        return logits.argmax(dim)
    best = logits.select(dim, 0)
    winners = torch.zeros_like(best, dtype=torch.long)
    for place in range(1, logits.shape[dim]):
        rival = logits.select(dim, place)
        better = rival > best
        best = torch.where(better, rival, best)
        winners.masked_fill_(better, place)
    return winners


def win_mask(winners: Int[Tensor, "..."], competitors: int, dim: int) -> Bool[Tensor, "..."]:
    """Mark each block's winner: ``dim`` holds blocks in ``winners`` and units in the mask.

    >>> win_mask(torch.tensor([[1, 0]]), competitors=2, dim=1)
    tensor([[False,  True,  True, False]])
    """
    axis = _competitor_axis(dim, winners.ndim)
    places = torch.arange(competitors, device=winners.device, dtype=winners.dtype)
    places = places.view([-1 if a == axis else 1 for a in range(winners.ndim + 1)])
    return (winners.unsqueeze(axis) == places).flatten(axis - 1, axis)


def silence_losers(
    activations: Float[Tensor, "..."], winners: Int[Tensor, "..."], competitors: int, dim: int
) -> Float[Tensor, "..."]:
    """Keep the winners' activations and set the losers' to zero."""
    return activations.masked_fill(~win_mask(winners, competitors, dim), 0)


def kl_to_uniform(
    activations: Float[Tensor, "..."], competitors: int, dim: int, *, sharpness: Scale = 1.0
) -> Float[Tensor, ""]:
    """``KL(q ‖ uniform) = Σ_u q_u log(q_u · U)``, averaged over blocks, positions and the batch; in [0, log U] nats.

    >>> float(kl_to_uniform(torch.zeros(1, 8), competitors=4, dim=1))
    0.0
    """
    axis = _competitor_axis(dim, activations.ndim)
    log_chance = torch.log_softmax(split_blocks(activations, competitors, dim) * sharpness, dim=axis)
    return (log_chance.exp() * (log_chance + math.log(competitors))).sum(axis).mean()


def split_blocks(units: Float[Tensor, "..."], competitors: int, dim: int) -> Float[Tensor, "..."]:
    """View the axis of units as two: blocks, then the competitors of a block.

    Raises:
        ValueError: If the axis does not exist or its length is no multiple of ``competitors``.
    """
    if not -units.ndim <= dim < units.ndim:
        raise ValueError(f"units lie along dim={dim}, but the activations have shape {tuple(units.shape)}")
    width = units.shape[dim]
    if width % competitors:
        fitting = [u for u in range(1, min(width, 64) + 1) if width % u == 0]
        nearest = min(fitting, key=lambda u: abs(u - competitors))
        raise ValueError(
            f"{width} units along dim={dim} of shape {tuple(units.shape)} do not divide into blocks of "
            f"{competitors} competitors; the nearest number that fits is {nearest}"
        )
    blocked: Tensor = units.unflatten(dim, (width // competitors, competitors))  # type: ignore[no-untyped-call]
    return blocked


def refuse_non_finite(activations: Float[Tensor, "..."]) -> None:
    """Raise a ``ValueError`` if an activation is NaN or infinite: a block with such a member has no winner."""
    if not math.isfinite(activations.detach().sum(dtype=torch.float32).item()):
        bad = int((~activations.isfinite()).sum())
        if bad:  # else only the sum was too large
            raise ValueError(
                f"{bad} of {activations.numel()} activations of shape {tuple(activations.shape)} are NaN or infinite; "
                "a competition needs finite ones"
            )


def _competitor_axis(dim: int, ndim: int) -> int:
    """The axis of competitors once ``dim`` of an ``ndim``-dimensional tensor is split."""
    return dim % ndim + 1
