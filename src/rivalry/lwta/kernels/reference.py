"""What every kernel computes, written plainly in PyTorch; also the fallback where there is no kernel.

A **rule** says who wins and what stands for the winner in the gradient. With ``a = β · h``, ``g`` Gumbel noise and the
temperature T:

================== ================================== ========================================================
rule               the winner                          the relaxed winner, for the gradient
================== ================================== ========================================================
``argmax``         the largest h                       none: the gradient passes through the winner alone
``gumbel_softmax`` the largest a + g                   softmax((a + g) / T): DISCOVER's released code
``softmax``        drawn from softmax(a) by a uniform  softmax(a / T): no noise in it
``conditional``    the same                            softmax(z / T), z distributed as a + g given who won
================== ================================== ========================================================

The gradient is ``pull · m + (β/T) · s · (pull · h − Σ s · pull · h)``, with m the winner's mask and s the relaxed
winner: the hard straight-through estimator. ``conditional`` has the distribution of ``gumbel_softmax`` (Paulus,
Maddison & Krause, "Rao-Blackwellizing the Straight-Through Gumbel-Softmax Gradient Estimator", ICLR 2021, for one
sample); forward it needs one random number a block. Of two competitors' Gumbel variables only the difference matters,
which is logistic: there ``gumbel_softmax`` needs one number a block too.
"""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.lwta.competition import (
    gumbel_from_uniform,
    leaders,
    silence_losers,
    split_blocks,
    straight_through,
)
from rivalry.lwta.kernels.noise import OF_BLOCKS, OF_UNITS, uniform, unit_counters

Rule = Literal["argmax", "gumbel_softmax", "softmax", "conditional"]


def forward(
    activations: Float[Tensor, "..."],
    seed: Int[Tensor, ""],
    sharpness: Float[Tensor, ""],
    temperature: Float[Tensor, ""],
    competitors: int,
    dim: int,
    rule: Rule,
    wants_winners: bool,
) -> tuple[Float[Tensor, "..."], Int[Tensor, "..."]]:
    """Let the blocks compete.

    Args:
        activations: Any shape with units along ``dim``.
        seed: Of the draw.
        sharpness: β > 0.
        temperature: T > 0; shapes the gradient only, and is here so that both directions have the same arguments.
        competitors: Units in a block, U.
        dim: Axis of units.
        rule: Who wins.
        wants_winners: Whether the winners are to be told, too.

    Returns:
        The output, of the shape of ``activations``; and the winners, with ``dim`` holding blocks, or nothing.
    """
    winners, _ = _draw(activations, seed, sharpness, competitors, dim, rule)
    output = silence_losers(activations, winners, competitors, dim)
    return output, winners if wants_winners else winners.new_empty(0)


def backward(
    gradient: Float[Tensor, "..."],
    activations: Float[Tensor, "..."],
    seed: Int[Tensor, ""],
    sharpness: Float[Tensor, ""],
    temperature: Float[Tensor, ""],
    competitors: int,
    dim: int,
    rule: Rule,
) -> Float[Tensor, "..."]:
    """From the gradient of the output to that of the activations; arguments as for :func:`forward`."""
    winners, logits = _draw(activations, seed, sharpness, competitors, dim, rule)
    if logits is None:
        return silence_losers(gradient, winners, competitors, dim)
    return straight_through(
        gradient, activations, winners, logits, competitors, dim, temperature=temperature, sharpness=sharpness
    )


def _draw(
    activations: Tensor, seed: Tensor, sharpness: Tensor, competitors: int, dim: int, rule: Rule
) -> tuple[Tensor, Tensor | None]:
    """Winners, and of what (over T) the relaxed winner is the softmax."""
    axis = dim % activations.ndim + 1
    blocked = split_blocks(activations, competitors, dim)
    if rule == "argmax":
        return leaders(blocked, dim=axis), None
    a = blocked.to(torch.promote_types(blocked.dtype, torch.float32)) * sharpness
    of_blocks = _of_blocks(activations, competitors, dim, seed).to(a.dtype).unsqueeze(axis)
    if rule == "gumbel_softmax":
        noise = _logistic(of_blocks, axis) if competitors == 2 else _gumbel(activations, competitors, dim, seed)
        return leaders(a + noise, dim=axis), a + noise
    passed = a.softmax(axis).cumsum(axis).narrow(axis, 0, competitors - 1)
    winners = (passed <= of_blocks).sum(axis)
    if rule == "softmax":
        return winners, a
    return winners, _given_winner(a, winners.unsqueeze(axis), _of_units(activations, competitors, dim, seed), axis)


def _given_winner(a: Tensor, winner: Tensor, uniforms: Tensor, axis: int) -> Tensor:
    """Gumbel-perturbed logits but for a constant, given who won: that is a Gumbel of all, and truncates the others."""
    below = a - a.amax(axis, keepdim=True)
    waiting = -uniforms.to(a.dtype).log()  # exponential variables
    of_winner = waiting.gather(axis, winner) / below.exp().sum(axis, keepdim=True)
    of_all = (waiting * (-below).exp() + of_winner).scatter(axis, winner, of_winner)
    return -of_all.log()


def _logistic(of_blocks: Tensor, axis: int) -> Tensor:
    """Noise for two competitors: none for the first, the difference of two Gumbel variables for the second."""
    return torch.cat([torch.zeros_like(of_blocks), of_blocks.logit()], dim=axis)


def _gumbel(activations: Tensor, competitors: int, dim: int, seed: Tensor) -> Tensor:
    return gumbel_from_uniform(_of_units(activations, competitors, dim, seed))


def _of_units(activations: Tensor, competitors: int, dim: int, seed: Tensor) -> Tensor:
    counters = unit_counters(activations.shape, dim, activations.device)
    return split_blocks(uniform(counters, seed, OF_UNITS), competitors, dim)


def _of_blocks(activations: Tensor, competitors: int, dim: int, seed: Tensor) -> Tensor:
    shape = list(activations.shape)
    shape[dim] //= competitors
    return uniform(unit_counters(torch.Size(shape), dim, activations.device), seed, OF_BLOCKS)
