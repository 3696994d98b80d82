"""Does a prototype show the mark? One rule over what :mod:`marks` has measured.

    A measure speaks for the mark where it is larger for the mark than for its null mark, and that by so many standard
    deviations more than is usual among the n other classes:  t · √(1 + 1 / n)
    A prototype shows the mark where two measures, at least, speak for it.

t is the 97.5 % point of Student's distribution with n − 1 degrees of freedom: one more class like the others would lie
above it once in forty times, however few they are (the usual prediction interval). One measure alone is not enough, for
of so many classes one is always the first in something.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

LEVEL = 0.975
"""How sure one must be of a measure that it speaks for the mark."""

MEASURES = 2
"""Measures that must speak for it."""

LEAST = 3
"""Other classes that it takes to tell what is usual."""


def least_deviations(others: int) -> float:
    """Standard deviations above the other classes from which a measure speaks for the mark.

    Args:
        others: How many they are, two or more.

    >>> round(least_deviations(15), 3), round(least_deviations(3), 3)
    (2.215, 4.968)
    """
    from scipy.stats import t  # slow to import

    return float(t.ppf(LEVEL, others - 1)) * math.sqrt(1 + 1 / others)


def deviations(excess: Float[Tensor, " classes"]) -> Float[Tensor, " classes"]:
    """How far each class lies above all others, in their standard deviations; float64.

    NaN where there are fewer than :data:`LEAST` others, or these are all the same.

    >>> deviations(torch.tensor([9.0, 1.0, 2.0, 3.0]))[0]
    tensor(7., dtype=torch.float64)
    """
    count = len(excess)
    if count <= LEAST:
        return torch.full((count,), torch.nan, dtype=torch.float64)
    others = excess.double().repeat(count, 1)[~torch.eye(count, dtype=torch.bool)].view(count, -1)
    spread = others.std(1)
    return (excess.double() - others.mean(1)) / torch.where(spread > 0, spread, torch.nan)


def shows_mark(excess: Sequence[float], deviation: Sequence[float], others: int) -> bool | None:
    """The rule, for one class.

    Args:
        excess: Of each measure, how far it is above that for the null mark.
        deviation: And how far this lies above the other classes, in their standard deviations.
        others: How many these are.

    Returns:
        None where too few measures are known to say.

    >>> shows_mark([0.1, 0.2, 0.0], [2.5, 3.0, 0.1], 15), shows_mark([0.1, 0.2], [2.5, math.nan], 15)
    (True, None)
    """
    known = [pair for pair in zip(excess, deviation, strict=True) if not any(map(math.isnan, pair))]
    if len(known) < MEASURES:
        return None
    wanted = least_deviations(others)
    return sum(above > 0 and far >= wanted for above, far in known) >= MEASURES
