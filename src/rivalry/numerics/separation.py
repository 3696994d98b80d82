"""How well numbers tell samples of two kinds apart: the area under the ROC curve, of many units at once.

    AUROC = P(x⁺ > x⁻) + ½ P(x⁺ = x⁻)

for x⁺ of a positive and x⁻ of a negative sample (Mann & Whitney 1947; Fawcett, "An introduction to ROC analysis",
2006): ½ for numbers that tell nothing, 1 where every positive sample has the larger number, 0 where the smaller.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

_ELEMENTS_AT_ONCE = 2**22


def auroc(
    positive: Float[Tensor, "positives units"], negative: Float[Tensor, "negatives units"]
) -> Float[Tensor, " units"]:
    """The area under the ROC curve of every unit, in [0, 1]; NaN without a sample of either kind.

    >>> auroc(torch.tensor([[3.0], [2.0]]), torch.tensor([[1.0], [2.0]]))
    tensor([0.8750])
    """
    if not len(positive) or not len(negative):
        return torch.full((positive.shape[1],), torch.nan, device=positive.device)
    group = max(1, _ELEMENTS_AT_ONCE // (len(positive) + len(negative)))
    pairs = zip(torch.split(positive.T, group), torch.split(negative.T, group), strict=True)
    return torch.cat([_auroc(ours.contiguous(), theirs.contiguous()) for ours, theirs in pairs])


def _auroc(positive: Float[Tensor, "units positives"], negative: Float[Tensor, "units negatives"]) -> Tensor:
    """Count the negatives below each positive, and half of those that tie with it."""
    ordered = negative.sort(dim=1).values
    below = torch.searchsorted(ordered, positive).double()
    not_above = torch.searchsorted(ordered, positive, right=True).double()
    return ((below + not_above) / (2 * negative.shape[1])).mean(1).float()


def weighted_auroc(
    positive: Float[Tensor, " samples"],
    negative: Float[Tensor, " samples"],
    weights: Float[Tensor, "resamples samples"],
) -> Float[Tensor, " resamples"]:
    """The area for samples that were seen as both kinds and count as often as their weights say.

    Args:
        positive: The number of each sample as the one kind.
        negative: The number of the same sample as the other kind.
        weights: Non-negative, a row each, as :func:`rivalry.numerics.bootstrap.bootstrap` draws them.

    >>> ones = torch.ones(1, 2, dtype=torch.float64)
    >>> weighted_auroc(torch.tensor([3.0, 2.0]), torch.tensor([1.0, 2.0]), ones)
    tensor([0.8750], dtype=torch.float64)
    """
    ordered, order = negative.sort()
    upto = torch.nn.functional.pad(weights[:, order].cumsum(1), (1, 0))  # weight of the lowest, of the two lowest …
    below = upto[:, torch.searchsorted(ordered, positive)]
    not_above = upto[:, torch.searchsorted(ordered, positive, right=True)]
    return ((below + not_above) / 2 * weights).sum(1) / weights.sum(1).square()
