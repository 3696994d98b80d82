"""Stability: whether other images of the class lead to the same concepts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.extraction import Extraction
from rivalry.numerics.matching import matched_cosine


def stability(
    extraction: Extraction, folds: Sequence[Float[Tensor, "_ channels"]], concepts: int, *, seed: int = 0
) -> float:
    """Mean over pairs of folds of the mean matched cosine of the concepts of each alone, in [−1, 1], ↑.

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
    return fmean(float(matched_cosine(one, other)[0].mean()) for one, other in combinations(found, 2))
