"""Stability: whether other images of the class lead to the same concepts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from rivalry.concepts.extraction import Extraction
from rivalry.numerics.matching import match


def matched_cosine(first: Float[Tensor, "firsts channels"], second: Float[Tensor, "seconds channels"]) -> float:
    """Mean cosine of the concepts of two dictionaries, each in one pair at most, the pairs of the largest sum.

    The sign counts, and a concept that is zero is like none (0).

    >>> round(matched_cosine(torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([[0.0, 1.0], [1.0, 1.0]])), 4)
    0.8536
    """
    cosines = functional.normalize(first.double(), dim=1) @ functional.normalize(second.double(), dim=1).T
    rows, columns = (torch.from_numpy(places) for places in match(cosines))
    return float(cosines[rows, columns].mean())


def stability(
    extraction: Extraction, folds: Sequence[Float[Tensor, "_ channels"]], concepts: int, *, seed: int = 0
) -> float:
    """Mean over pairs of folds of the matched cosine of what is found in each alone, in [−1, 1], ↑.

    NaN where a fold does not allow a fit (see :meth:`Extraction.refusal`).

    Args:
        extraction: Fitted to each fold with a seed of its own, so that what is due to chance counts too.
        folds: Rows of two folds at least.
        concepts: How many are sought in each.
        seed: Of the first fit.

    Raises:
        ValueError: For fewer than two folds.
    """
    if len(folds) < 2:
        raise ValueError(f"stability compares two folds or more, got {len(folds)}")
    if any(extraction.refusal(rows, concepts) is not None for rows in folds):
        return math.nan
    found = [extraction.fit(rows, concepts, seed=seed + place).concepts for place, rows in enumerate(folds)]
    return fmean(matched_cosine(one, other) for one, other in combinations(found, 2))
