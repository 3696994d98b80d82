"""The judgement of an extraction: all metrics of the paper at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from rivalry.concepts.extraction import Dictionary, Extraction
from rivalry.concepts.extraction.gram import squares
from rivalry.concepts.judgement.frechet import frechet
from rivalry.concepts.judgement.neighbours import out_of_distribution
from rivalry.concepts.judgement.reconstruction import relative_l2, zeros
from rivalry.concepts.judgement.stability import stability
from rivalry.concepts.judgement.wasserstein import wasserstein_1d
from rivalry.numerics.sampling import draw

MOST_ROWS = 4000
"""Rows that distances of distributions are told by, and rows of a fold that a fit for stability sees, at most."""

NEIGHBOUR = 10
"""The neighbour whose distance tells how far from real activations a row is."""


@dataclass(frozen=True)
class ExtractionScores:
    """What is said of an extraction of a class; no number depends on the scale of the layer.

    Attributes:
        relative_l2: Mean of ‖a − â‖ / ‖a‖ over rows, ↓.
        zeros: Share of codes that are zero, ↑.
        stability: Mean cosine of the matched concepts that are found in one fold and in another, in [−1, 1], ↑; NaN
            where a fold is too small.
        wasserstein: Mean 1-D Wasserstein distance of a channel, in units of the root mean square of activations, ↓.
        frechet: Squared Fréchet distance of Gaussians, in units of the mean squared length of rows, ↓.
        out_of_distribution: How much farther from real activations is what is given back than other real ones are, in
            units of the root mean square length of rows, ↓.
    """

    relative_l2: float
    zeros: float
    stability: float
    wasserstein: float
    frechet: float
    out_of_distribution: float


def judge_extraction(
    extraction: Extraction,
    dictionary: Dictionary,
    rows: Float[Tensor, "samples channels"],
    codes: Float[Tensor, "samples concepts"],
    fold: Int[Tensor, " samples"],
    seed: int = 0,
) -> ExtractionScores:
    """Judge what an extraction has found.

    All rows tell the first two scores and the units of the others, and :data:`MOST_ROWS` of them, drawn by seed, these
    others. Real activations that what is given back of odd folds is held against are those of even ones.

    Args:
        extraction: Fitted anew to each fold, for its stability.
        dictionary: What it has found in the rows.
        rows: Activations.
        codes: The dictionary's, of the rows.
        fold: Of each row, from 0, each with some (see :func:`folds_of_images`); rows of one image belong to one fold.
        seed: Of the fits and of what is drawn.

    Raises:
        ValueError: For fewer than two folds.
    """
    places = [_thinned((fold == one).nonzero()[:, 0], seed) for one in range(int(fold.max()) + 1)]
    steady = stability(extraction, [rows[some] for some in places], codes.shape[1], seed=seed)
    given_back = dictionary.decode(codes)
    lost, empty = relative_l2(rows, given_back), zeros(codes)
    length = math.sqrt(float(squares(rows).sum()) / len(rows))
    rows, codes, given_back, fold = (_thinned(part, seed) for part in (rows, codes, given_back, fold.to(rows.device)))
    real = fold % 2 == 0
    return ExtractionScores(
        lost,
        empty,
        steady,
        wasserstein_1d(rows, given_back) / (length / rows.shape[1] ** 0.5),
        frechet(rows, codes, dictionary.concepts) / length**2,
        out_of_distribution(rows[~real], given_back[~real], rows[real], neighbour=NEIGHBOUR) / length,
    )


def _thinned(rows: Tensor, seed: int) -> Tensor:
    """As many rows as are looked at, in their order; the same places of whatever has as many."""
    return rows[draw(len(rows), MOST_ROWS, seed).sort().values.to(rows.device)]
