"""The judgement of an extraction: all metrics of the paper at once."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from rivalry.concepts.extraction import Dictionary, Extraction


@dataclass(frozen=True)
class ExtractionScores:
    """What is said of an extraction of a class; free of the scale of the layer.

    Attributes:
        relative_l2: Mean of ‖a − â‖ / ‖a‖ over rows, ↓.
        zeros: Share of codes that are zero, ↑.
        stability: Mean cosine of the matched concepts of dictionaries fitted to different folds, in [−1, 1], ↑.
        wasserstein: Mean over channels of the 1-D Wasserstein distance, in units of the rows' root mean square, ↓.
        frechet: Gaussian Fréchet distance, over the rows' mean squared length, ↓.
        out_of_distribution: How much farther the k-th neighbour among real rows is from what is given back than from
            real rows (1: as far), ↓.
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

    Args:
        extraction: Fitted anew to each fold, for its stability.
        dictionary: What it has found in the rows.
        rows: Activations.
        codes: The dictionary's, of the rows.
        fold: Of each row, from 0 (see :func:`folds_of_images`); rows of one image belong to one fold.
        seed: Of the fits and of what is drawn.
    """
    raise NotImplementedError
