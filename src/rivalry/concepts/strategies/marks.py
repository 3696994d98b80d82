"""Do the strategies of a class tell pictures with a watermark from those without?

The adjusted mutual information of strategies and marks (Vinh, Epps & Bailey, JMLR 2010; scikit-learn's): 1 where they
part the pictures alike, 0 on average where they have nothing to do with each other. Marks that are dealt out anew say
how far chance goes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int
from torch import Tensor


class MarkInformation(NamedTuple):
    """What strategies say of marks.

    Attributes:
        ami: Adjusted mutual information, at most 1.
        shuffled: Of marks dealt out anew, the mean.
        shuffled_high: Of marks dealt out anew, the quantile that 5 % exceed.
    """

    ami: float
    shuffled: float
    shuffled_high: float


def mark_information(
    labels: Int[Tensor, " images"], marked: Bool[Tensor, " images"], *, shuffles: int = 100, seed: int = 0
) -> MarkInformation | None:
    """Hold strategies, or dominant concepts, against marks.

    Args:
        labels: The strategy of each image.
        marked: Whether it bears the mark.
        shuffles: How often marks are dealt out anew, 1 or more.
        seed: Of these.

    Returns:
        None where it cannot be told: all images bear the mark, or none does.

    Raises:
        ValueError: If there are no shuffles.
    """
    if shuffles < 1:
        raise ValueError(f"marks are dealt out anew once or more; got {shuffles}")
    if bool(marked.all()) or not bool(marked.any()):
        return None
    from sklearn.metrics import adjusted_mutual_info_score  # late: a second, and only here

    strategies, marks = labels.cpu().numpy(), marked.cpu().numpy()
    chance = np.random.default_rng(seed)
    anew = [adjusted_mutual_info_score(strategies, chance.permutation(marks)) for _ in range(shuffles)]
    true = float(adjusted_mutual_info_score(strategies, marks))
    return MarkInformation(true, float(np.mean(anew)), float(np.quantile(anew, 0.95)))
