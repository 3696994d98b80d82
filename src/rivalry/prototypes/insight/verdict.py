"""Does a prototype show the mark? One rule over what :mod:`marks` has measured.

    A measure stands out where it lies so many standard deviations above the other n classes':  t · √(1 + 1 / n)
    A prototype shows the mark where two measures, at least, stand out for the mark,
    and one, at least, does so for the mark less its null.

The first says that something like the mark is there, the second that it is this mark and not any ink: a measure may be
blind to the difference, as a CLIP is that has never seen either. t is the 97.5 % point of Student's distribution with
n − 1 degrees of freedom: one more class like the others would stand out once in forty times, however few they are (the
usual prediction interval). One measure alone is not enough, for of so many classes one is always the first in some.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

LEVEL = 0.975
"""How sure one must be that a measure stands out."""

MEASURES = 2
"""Measures that must stand out for the mark."""

LEAST = 3
"""Other classes that it takes to tell what is usual."""


def least_deviations(others: int) -> float:
    """Standard deviations above the other classes from which a measure stands out.

    Args:
        others: How many they are, two or more.

    >>> round(least_deviations(15), 3), round(least_deviations(3), 3)
    (2.215, 4.968)
    """
    from scipy.stats import t  # slow to import

    return float(t.ppf(LEVEL, others - 1)) * math.sqrt(1 + 1 / others)


def deviations(measured: Float[Tensor, " classes"]) -> Float[Tensor, " classes"]:
    """How far each class lies above all others, in their standard deviations; float64.

    NaN where there are fewer than :data:`LEAST` others, or these are all the same.

    >>> deviations(torch.tensor([9.0, 1.0, 2.0, 3.0]))[0]
    tensor(7., dtype=torch.float64)
    """
    count = len(measured)
    if count <= LEAST:
        return torch.full((count,), torch.nan, dtype=torch.float64)
    others = measured.double().repeat(count, 1)[~torch.eye(count, dtype=torch.bool)].view(count, -1)
    spread = others.std(1)
    return (measured.double() - others.mean(1)) / torch.where(spread > 0, spread, torch.nan)


def shows_mark(above: Sequence[float], excess: Sequence[float], others: int) -> bool | None:
    """The rule, for one class.

    Args:
        above: Of each measure, how far it lies above the other classes', in their standard deviations.
        excess: The same of what it is for the mark more than for the null mark.
        others: How many these classes are.

    Returns:
        None where too few measures are known to say.

    >>> shows_mark([2.5, 3.0, 0.1], [2.5, 0.1, 0.1], 15), shows_mark([2.5, 3.0, 0.1], [0.1, 0.1, 9.0], 15)
    (True, False)
    """
    known = [pair for pair in zip(above, excess, strict=True) if not any(map(math.isnan, pair))]
    if len(known) < MEASURES:
        return None
    wanted = least_deviations(others)
    found = [far_excess for far, far_excess in known if far >= wanted]
    return len(found) >= MEASURES and max(found) >= wanted
