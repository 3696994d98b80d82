"""How a block's winner is drawn and relaxed inside a Triton kernel: ``reference`` and ``noise``, for one tile.

A tile has blocks along its axes 0 and 2 and the competitors of a block along axis 1, padded to a power of two with
logits of -∞. ``counter`` numbers the blocks; a competitor's counter is its block's times U, plus its place.
"""

# ruff: noqa: ANN001, ANN201, ANN202 — what Triton compiles is typed by Triton, and `no_type_check` keeps other checkers away.

from __future__ import annotations

from typing import no_type_check

import triton
import triton.language as tl
from triton.language.extra import libdevice

# Triton's interpreter has no libdevice; it runs the same code with the accurate logarithm.
_COMPILED = tl.constexpr(not triton.knobs.runtime.interpret)


@triton.jit
@no_type_check
def draw(logits, counter, unit, seed_at, COMPETITORS: tl.constexpr, RULE: tl.constexpr):
    """Each block's winner, and the logits whose softmax relaxes it."""
    if RULE == "argmax":
        winner, relaxed = _leader(logits, unit), logits
    else:
        seed = tl.load(seed_at)
        if RULE == "gumbel_softmax" and COMPETITORS == 2:
            margin = _margin(logits, counter, unit, seed)
            winner, relaxed = tl.where(margin > 0, 1, 0), tl.where(unit == 1, margin, 0.0)
        elif RULE == "gumbel_softmax":
            relaxed = _perturbed(logits, counter, unit, seed, COMPETITORS)
            winner = _leader(relaxed, unit)
        else:
            chance = softmax(logits, 1.0)
            winner = _inverse(chance, _uniform(counter, seed, 1), COMPETITORS)
            relaxed = logits
            if RULE == "conditional":
                relaxed = _given_winner(logits, chance, winner, counter, unit, seed, COMPETITORS)
    return winner, relaxed


@triton.jit
@no_type_check
def softmax(logits, factor):
    """Softmax of ``factor · logits`` over the competitors; of the absent ones, whose logit is -∞, zero."""
    powers = _exp((logits - tl.max(logits, axis=1, keep_dims=True)) * factor)
    return powers * _divide(1.0, tl.sum(powers, axis=1, keep_dims=True))


@triton.jit
@no_type_check
def _margin(logits, counter, unit, seed):
    """By how much the second of two competitors leads the first, with logistic noise."""
    chance = _uniform(counter, seed, 1)
    ahead = tl.sum(tl.where(unit == 1, logits, -logits), axis=1, keep_dims=True)
    return ahead + _log(_divide(chance, 1.0 - chance))


@triton.jit
@no_type_check
def _perturbed(logits, counter, unit, seed, COMPETITORS: tl.constexpr):
    """Logits with Gumbel noise."""
    chance = _uniform(counter * COMPETITORS + unit.to(tl.uint32), seed, 0)
    return logits - _log(_exponential(chance + 1e-5) + 1e-5)


@triton.jit
@no_type_check
def _leader(logits, unit):
    """The place of the largest, the first of equals; NaN is the largest, so that a diverged network shows."""
    ordered = tl.where(logits == logits, logits, float("inf"))
    best = tl.max(ordered, axis=1, keep_dims=True)
    return tl.min(tl.where(ordered == best, unit, unit.shape[1]), axis=1, keep_dims=True)


@triton.jit
@no_type_check
def _inverse(chance, uniform, COMPETITORS: tl.constexpr):
    """The first competitor at which the running sum of chances exceeds the uniform, else the last."""
    passed_over = tl.where(tl.cumsum(chance, axis=1) > uniform, 0, 1)
    return tl.minimum(tl.sum(passed_over, axis=1, keep_dims=True), COMPETITORS - 1)


@triton.jit
@no_type_check
def _given_winner(logits, chance, winner, counter, unit, seed, COMPETITORS: tl.constexpr):
    """Gumbel-perturbed logits given who won, from one exponential E a competitor (Paulus et al. 2021).

    ``L - log E_winner`` for the winner, ``-log(E exp(-a) + E_winner exp(-L))`` for the others; the latter is
    ``a - log(E + E_winner p)``, which cannot overflow.
    """
    waiting = _exponential(_uniform(counter * COMPETITORS + unit.to(tl.uint32), seed, 0))
    won = unit == winner
    of_winner = tl.sum(tl.where(won, waiting, 0.0), axis=1, keep_dims=True)
    best = tl.max(logits, axis=1, keep_dims=True)
    total = best + _log(tl.sum(_exp(logits - best), axis=1, keep_dims=True))
    return tl.where(won, total - _log(of_winner), logits - _log(waiting + of_winner * chance))


@triton.jit
@no_type_check
def _uniform(counter, seed, STREAM: tl.constexpr):
    """The number of a counter in (0, 1): ``noise.uniform``."""
    low, high = seed.to(tl.uint32), (seed >> 32).to(tl.uint32)
    first, second = low ^ _mix(high), high ^ _mix(low) ^ ((STREAM * 0x9E3779B9) & 0xFFFFFFFF)
    spread = (counter ^ first) * 0x9E3779B1
    bits = _mix((spread ^ (spread >> 15)) + second)
    return (bits >> 9).to(tl.float32) * 2**-23 + 2**-24


@triton.jit
@no_type_check
def _mix(x):
    """The hash of ``noise``."""
    x ^= x >> 16
    x *= 0x21F0AAAD
    x ^= x >> 15
    x *= 0xD35A2D97
    x ^= x >> 15
    return x


@triton.jit
@no_type_check
def _exponential(chance):
    """``-log(chance)`` for chances up to little above 1, to 1e-5 of its value.

    The fast logarithm's error is absolute, 2e-7 next to 1. There, where the rare large noise comes from, a series in
    ``1 - chance`` (exact) takes its place.
    """
    rest = 1.0 - chance
    series = rest * (1.0 + rest * (0.5 + rest * (1 / 3)))
    return tl.where(rest < 1 / 64, series, -_log(chance))


@triton.jit
@no_type_check
def _log(x):
    """The natural logarithm, by the device's own instruction where accurate ones take twenty."""
    return libdevice.fast_logf(x) if _COMPILED else tl.log(x)


@triton.jit
@no_type_check
def _exp(x):
    """The exponential; below 1e-38 it is zero."""
    return libdevice.fast_expf(x) if _COMPILED else tl.exp(x)


@triton.jit
@no_type_check
def _divide(x, y):
    """The quotient, to 2 units in the last place, for 1e-38 < y < 8e37."""
    return libdevice.fast_dividef(x, y) if _COMPILED else x / y
