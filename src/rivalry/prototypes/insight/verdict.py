"""Does a prototype show the mark? One rule, stated beforehand, over what :mod:`marks` has measured.

    A prototype shows the mark where two of the measures, at least, are larger for the mark than for its null mark,
    and that by two standard deviations more than is usual among the other classes.

One measure alone is not enough: of so many classes, one is always the first in something.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

DEVIATIONS = 2.0
"""Standard deviations above the other classes from which a measure speaks for the mark."""

MEASURES = 2
"""Measures that must speak for it."""

LEAST = 3
"""Other classes that it takes to tell what is usual."""


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


def shows_mark(excess: Sequence[float], deviation: Sequence[float]) -> bool | None:
    """The rule, for one class.

    Args:
        excess: Of each measure, how far it is above that for the null mark.
        deviation: And how far this lies above the other classes, in their standard deviations.

    Returns:
        None where too few measures are known to say.

    >>> shows_mark([0.1, 0.2, 0.0], [2.5, 3.0, 0.1]), shows_mark([0.1, 0.2], [2.5, math.nan])
    (True, None)
    """
    known = [pair for pair in zip(excess, deviation, strict=True) if not any(map(math.isnan, pair))]
    speaking = sum(above > 0 and far >= DEVIATIONS for above, far in known)
    return speaking >= MEASURES if len(known) >= MEASURES else None
