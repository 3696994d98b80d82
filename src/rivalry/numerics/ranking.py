"""How well a ranking of samples agrees with a yes or no about each: average precision and IoU, all pairs at once.

    AP  = 1/P Σ_{i shown} precision(x ≥ x_i)            IoU = |A and P| / |A or P|

AP is the area under the precision–recall curve without interpolation (Manning, Raghavan & Schütze, "Introduction to
Information Retrieval", 2008, ch. 8.4), and equals scikit-learn's, ties included. IoU is that of Bau et al. ("Network
Dissection", CVPR 2017) over samples instead of pixels; see :func:`ranking_agreement` for its threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
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

    Only the samples that show a concept are gone through for it: work is units × (samples + concepts shown), times a
    logarithm for sorting. Memory is bounded, whatever their numbers.

    Args:
        values: What ranks the samples.
        shown: Which concepts each sample shows.

    >>> values = torch.tensor([[0.9], [0.8], [0.3], [0.1]])
    >>> agreement = ranking_agreement(values, torch.tensor([[True], [False], [True], [False]]))
    >>> agreement.average_precision, agreement.iou
    (tensor([[0.8333]]), tensor([[0.3333]]))
    """
    shows = [column.nonzero().flatten() for column in shown.T]
    group = max(1, _ELEMENTS_AT_ONCE // max(len(values), 1))
    parts = [_agree(units, shows) for units in torch.split(values.T.contiguous(), group)]
    return RankingAgreement(*(torch.cat(of_groups) for of_groups in zip(*parts, strict=True)))


def _agree(values: Float[Tensor, "units samples"], shows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Both measures for some units; ``shows`` are each concept's samples."""
    ordered, order = values.sort(dim=1, descending=True)
    # Samples that tie are taken together: the rank of each is the number of those at least as strong.
    ascending = torch.searchsorted(-ordered, -ordered, right=True)
    ranks = torch.empty_like(ascending).scatter_(1, order, ascending)
    precision, iou = (values.new_full((len(values), len(shows)), torch.nan) for _ in range(2))
    for concept, samples in enumerate(shows):
        if count := len(samples):
            own = ranks[:, samples].sort(dim=1).values
            found = torch.searchsorted(own, own, right=True)
            precision[:, concept] = (found / own).mean(1)
            active = ascending[:, count - 1]
            both = (own <= active[:, None]).sum(1)
            iou[:, concept] = both / (active + count - both)
    return precision, iou
