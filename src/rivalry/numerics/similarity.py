"""How alike the activations of pictures are, a row each: by rank, by angle, and how far apart they are.

    ρ(a, b) = Pearson's correlation of the ranks of a and of b (Spearman 1904), tied numbers sharing their mean rank
    cos(a, b) = a · b / (|a| |b|)            ℓ(a, b) = mean |a − b| / mean |b|

The first two do not change with the scale of either, the third not with a scale that both have: layers whose
activations are of different sizes can be put beside each other.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def rank_correlation(
    first: Float[Tensor, "rows numbers"], second: Float[Tensor, "others numbers"]
) -> Float[Tensor, "rows others"]:
    """Spearman's correlation of every row with every other: in [-1, 1], float64.

    0 where one of the two never varies, for then nothing is known (SciPy says NaN there).

    >>> rank_correlation(torch.tensor([[1.0, 2.0, 9.0]]), torch.tensor([[1.0, 4.0, 5.0], [3.0, 2.0, 1.0]])).round()
    tensor([[ 1., -1.]], dtype=torch.float64)
    """
    return correlate_ranks(ranks(first), ranks(second))


def correlate_ranks(
    first: Float[Tensor, "rows numbers"], second: Float[Tensor, "others numbers"]
) -> Float[Tensor, "rows others"]:
    """:func:`rank_correlation` of rows whose :func:`ranks` are known."""
    middle = (first.shape[1] + 1) / 2
    return _unit(first - middle) @ _unit(second - middle).T


def cosine(
    first: Float[Tensor, "rows numbers"], second: Float[Tensor, "others numbers"]
) -> Float[Tensor, "rows others"]:
    """Cosine of the angle between every row and every other: in [-1, 1], float64; 0 where one of the two is all 0.

    >>> cosine(torch.tensor([[3.0, 4.0]]), torch.tensor([[3.0, 4.0], [-4.0, 3.0]]))
    tensor([[1., 0.]], dtype=torch.float64)
    """
    return _unit(first.double()) @ _unit(second.double()).T


def relative_l1(
    first: Float[Tensor, "rows numbers"], second: Float[Tensor, "others numbers"]
) -> Float[Tensor, "rows others"]:
    """Distance of every row from every other, in sizes of the other: 0 or more, float64; 1 for a row of zeros.

    NaN where the other is all 0, and has no size.

    >>> relative_l1(torch.tensor([[1.0, 1.0], [0.0, 0.0]]), torch.tensor([[2.0, 2.0]]))
    tensor([[0.5000],
            [1.0000]], dtype=torch.float64)
    """
    size = second.double().abs().sum(1)
    apart = torch.cdist(first.double(), second.double(), p=1)
    return torch.where(size > 0, apart / size, torch.nan)


def ranks(values: Float[Tensor, "rows numbers"]) -> Float[Tensor, "rows numbers"]:
    """Ranks in each row, from 1; tied numbers share the mean of theirs. Float64.

    >>> ranks(torch.tensor([[0.5, 0.0, 0.0]]))
    tensor([[3.0000, 1.5000, 1.5000]], dtype=torch.float64)
    """
    ordered, order = values.sort(dim=1)
    begins = torch.ones_like(ordered, dtype=torch.bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    ends = begins.roll(-1, dims=1)
    place = torch.arange(1, values.shape[1] + 1, device=values.device, dtype=torch.float64).expand(values.shape)
    lowest = torch.where(begins, place, 0.0).cummax(dim=1).values
    highest = torch.where(ends, place, torch.inf).flip(1).cummin(dim=1).values.flip(1)
    return torch.empty_like(lowest).scatter_(1, order, (lowest + highest) / 2)


def _unit(rows: Tensor) -> Tensor:
    return functional.normalize(rows, dim=1, eps=torch.finfo(rows.dtype).tiny)
