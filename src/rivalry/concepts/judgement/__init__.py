"""How good an extraction is: what it gives back, how sparse, how stable, how like real activations.

Metrics of Fel et al. (NeurIPS 2023), section 3.1. Read in this order: :mod:`reconstruction`, :mod:`stability`,
:mod:`wasserstein`, :mod:`frechet`, :mod:`neighbours`, :mod:`judge` (all at once).
"""

from rivalry.concepts.judgement.folds import folds_of_images
from rivalry.concepts.judgement.judge import ExtractionScores, judge_extraction

__all__ = ["ExtractionScores", "folds_of_images", "judge_extraction"]
