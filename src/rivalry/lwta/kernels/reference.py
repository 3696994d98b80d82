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

from typing import Literal, NamedTuple

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


class Contest(NamedTuple):
    """How the blocks of a tensor compete.

    Attributes:
        seed: Of the draw.
        sharpness: β > 0.
        temperature: T > 0, in the gradient only.
        competitors: Units in a block, U.
        dim: Axis of units.
        rule: Who wins.
    """

    seed: Int[Tensor, ""]
    sharpness: Float[Tensor, ""]
    temperature: Float[Tensor, ""]
    competitors: int
    dim: int
    rule: Rule


def forward(
    activations: Float[Tensor, "..."], contest: Contest, *, wants_winners: bool
) -> tuple[Float[Tensor, "..."], Int[Tensor, "..."]]:
    """Let the blocks compete.

    Args:
        activations: Any shape with units along the contest's ``dim``.
        contest: How they compete; its tensors lie on the same device.
        wants_winners: Whether the winners are to be told, too.

    Returns:
        The output, of the shape of ``activations``; and the winners, with ``dim`` holding blocks, or nothing.
    """
    winners, _ = _draw(activations, contest)
    output = silence_losers(activations, winners, contest.competitors, contest.dim)
    return output, winners if wants_winners else winners.new_empty(0)


def backward(
    gradient: Float[Tensor, "..."], activations: Float[Tensor, "..."], contest: Contest
) -> Float[Tensor, "..."]:
    """From the gradient of the output to that of the activations."""
    winners, logits = _draw(activations, contest)
    _, sharpness, temperature, competitors, dim, _ = contest
    if logits is None:
        return silence_losers(gradient, winners, competitors, dim)
    return straight_through(
        gradient, activations, winners, logits, competitors, dim, temperature=temperature, sharpness=sharpness
    )


def _draw(activations: Tensor, contest: Contest) -> tuple[Tensor, Tensor | None]:
    """Winners, and of what (over T) the relaxed winner is the softmax."""
    _, sharpness, _, competitors, dim, rule = contest
    axis = dim % activations.ndim + 1
    blocked = split_blocks(activations, competitors, dim)
    if rule == "argmax":
        return leaders(blocked, dim=axis), None
    a = blocked.to(torch.promote_types(blocked.dtype, torch.float32)) * sharpness
    of_blocks = _of_blocks(activations, contest).to(a.dtype).unsqueeze(axis)
    if rule == "gumbel_softmax":
        noise = _logistic(of_blocks, axis) if competitors == 2 else gumbel_from_uniform(_of_units(activations, contest))
        return leaders(a + noise, dim=axis), a + noise
    passed = a.softmax(axis).cumsum(axis).narrow(axis, 0, competitors - 1)
    winners = (passed <= of_blocks).sum(axis)
    if rule == "softmax":
        return winners, a
    return winners, _given_winner(a, winners.unsqueeze(axis), _of_units(activations, contest), axis)


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


def _of_units(activations: Tensor, contest: Contest) -> Tensor:
    counters = unit_counters(activations.shape, contest.dim, activations.device)
    return split_blocks(uniform(counters, contest.seed, OF_UNITS), contest.competitors, contest.dim)


def _of_blocks(activations: Tensor, contest: Contest) -> Tensor:
    shape = list(activations.shape)
    shape[contest.dim] //= contest.competitors
    return uniform(unit_counters(torch.Size(shape), contest.dim, activations.device), contest.seed, OF_BLOCKS)
