"""How well a ranking of samples agrees with a yes or no about each: average precision and IoU, all pairs at once.

    AP  = 1/P Σ_{i shown} precision(x ≥ x_i)            IoU = |A and P| / |A or P|

AP is the area under the precision–recall curve without interpolation (Manning, Raghavan & Schütze, "Introduction to
Information Retrieval", 2008, ch. 8.4), and equals scikit-learn's, ties included. IoU is that of Bau et al. ("Network
Dissection", CVPR 2017) over samples instead of pixels; see :func:`ranking_agreement` for its threshold.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

_ELEMENTS_AT_ONCE = 2**22


class RankingAgreement(NamedTuple):
    """Agreement of every unit's ranking with every concept's presence; NaN for a concept that no sample shows.

    Attributes:
        average_precision: In [0, 1]; a random ranking has about the share of samples that show the concept.
        iou: In [0, 1]; a random ranking has about f / (2 − f) where a share f shows the concept.
    """

    average_precision: Float[Tensor, "units concepts"]
    iou: Float[Tensor, "units concepts"]


def ranking_agreement(
    values: Float[Tensor, "samples units"], shown: Bool[Tensor, "samples concepts"]
) -> RankingAgreement:
    """Compare how units rank samples with which samples show a concept.

    A unit counts as active on its P strongest samples, P being as many as show the concept (more where others tie with
    the last of them). A fixed share q, as in Network Dissection, would cap IoU at min(f, q) / max(f, q): a unit that
    answers to exactly the samples of a concept would be found only where f is near q.

    Work is samples × units × concepts; memory is bounded, whatever their numbers.

    Args:
        values: What ranks the samples.
        shown: Which concepts each sample shows.

    >>> values = torch.tensor([[0.9], [0.8], [0.3], [0.1]])
    >>> agreement = ranking_agreement(values, torch.tensor([[True], [False], [True], [False]]))
    >>> agreement.average_precision, agreement.iou
    (tensor([[0.8333]]), tensor([[0.3333]]))
    """
    samples, concepts = shown.shape
    columns = max(1, min(concepts, _ELEMENTS_AT_ONCE // max(samples, 1)))
    rows = max(1, _ELEMENTS_AT_ONCE // max(samples * columns, 1))
    by_unit = torch.split(values.T.contiguous(), rows)
    parts = [[_agree(units, some) for units in by_unit] for some in torch.split(shown, columns, dim=1)]
    return RankingAgreement(*(torch.cat([torch.cat([one[k] for one in row]) for row in parts], 1) for k in range(2)))


def _agree(values: Float[Tensor, "units samples"], shown: Tensor) -> tuple[Tensor, Tensor]:
    ordered, order = values.sort(dim=1, descending=True)
    hits = shown[order]  # (units, samples, concepts)
    found = hits.cumsum(1)
    # Samples that tie are taken together: every one counts as many as are at least as strong as it.
    taken = torch.searchsorted(-ordered, -ordered, right=True)[:, :, None]
    found = found.gather(1, (taken - 1).expand_as(found))
    total = hits.sum(1)
    precision = (hits * (found / taken)).sum(1) / total
    last = (total - 1).clamp(min=0)[:, None]
    active, both = taken.expand_as(found).gather(1, last)[:, 0], found.gather(1, last)[:, 0]
    return precision, torch.where(total > 0, both / (active + total - both), torch.nan)
