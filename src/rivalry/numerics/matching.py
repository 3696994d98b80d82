"""How well two partitions of the same points, or two sets of vectors, agree.

Partitions by their table of counts. Without names: adjusted Rand index (Hubert & Arabie, "Comparing partitions", 1985).
With names: every segment of one partition gets at most one cluster of the other, so that the sum of a score is largest
(Hungarian method). So do vectors.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float, Int
from torch import Tensor

Pairs = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]

UNMATCHED = -1
"""Place of the partner of a vector that has none."""


def contingency(
    first: Int[Tensor, "batch points"],
    second: Int[Tensor, "batch points"],
    sizes: tuple[int, int],
) -> Int[Tensor, "batch firsts seconds"]:
    """Count the points of each pair of labels.

    Args:
        first: Labels from 0 to ``sizes[0]`` − 1.
        second: Labels from 0 to ``sizes[1]`` − 1.
        sizes: Numbers of labels.

    >>> contingency(torch.tensor([[0, 0, 1]]), torch.tensor([[1, 1, 0]]), (2, 2))
    tensor([[[0, 2],
             [1, 0]]])
    """
    cells = sizes[0] * sizes[1]
    rows = torch.arange(len(first), device=first.device)[:, None] * cells
    places = rows + first.long() * sizes[1] + second.long()
    return torch.bincount(places.flatten(), minlength=len(first) * cells).view(-1, *sizes)


def adjusted_rand_index(table: Int[Tensor, "batch firsts seconds"]) -> Float[Tensor, " batch"]:
    """Adjusted Rand index of each table: 1 for the same partition, about 0 for independent ones.

    NaN where nothing was counted.

    >>> adjusted_rand_index(torch.tensor([[[0, 2], [1, 0]]]))
    tensor([1.], dtype=torch.float64)
    """
    counts = table.double()
    count = counts.sum((1, 2))
    both, firsts, seconds = (_pairs(part).flatten(1).sum(1) for part in (counts, counts.sum(2), counts.sum(1)))
    expected = firsts * seconds / _pairs(count).clamp(min=1)
    highest = (firsts + seconds) / 2
    trivial = highest == expected  # all points together, or each alone, in both
    score = torch.where(trivial, 1.0, (both - expected) / torch.where(trivial, 1.0, highest - expected))
    return torch.where(count > 0, score, torch.nan)


def iou_matrix(table: Int[Tensor, "batch firsts seconds"]) -> Float[Tensor, "batch firsts seconds"]:
    """Points that two labels share over those that either has; 0 where neither has any.

    >>> iou_matrix(torch.tensor([[[0, 2], [1, 0]]]))
    tensor([[[0., 1.],
             [1., 0.]]])
    """
    either = table.sum(2, keepdim=True) + table.sum(1, keepdim=True) - table
    return table / either.clamp(min=1)


def match(score: Float[Tensor, "firsts seconds"] | Int[Tensor, "firsts seconds"]) -> Pairs:
    """Pairs of the largest total score, each label in one pair at most; by ascending first label.

    >>> [places.tolist() for places in match(torch.tensor([[0.9, 0.8], [0.8, 0.1]]))]
    [[0, 1], [1, 0]]
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(score.cpu().numpy(), maximize=True)
    return np.asarray(rows), np.asarray(columns)


def matched_cosine(
    first: Float[Tensor, "firsts channels"], second: Float[Tensor, "seconds channels"]
) -> tuple[Float[Tensor, " firsts"], Int[Tensor, " firsts"]]:
    """Cosine of every vector and the one of the others that it is matched to, each in one pair at most.

    The pairs have the largest sum of cosines. The sign counts: a vector that was turned round is another one. One that
    is zero is like none (0).

    Returns:
        The cosines in double precision, NaN of a vector without a partner, and the partners, −1 where there is none.

    >>> matched_cosine(torch.tensor([[2.0, 0.0], [0.0, 3.0]]), torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
    (tensor([1., 1.], dtype=torch.float64), tensor([1, 0]))
    """
    tiny = torch.finfo(torch.double).tiny  # short vectors have a direction too
    ours, theirs = (torch.nn.functional.normalize(some.double(), dim=1, eps=tiny) for some in (first, second))
    cosines = ours @ theirs.T
    rows, columns = (torch.from_numpy(places).to(first.device) for places in match(cosines))
    cosine = cosines.new_full((len(first),), torch.nan)
    partner = torch.full_like(cosine, UNMATCHED, dtype=torch.long)
    cosine[rows], partner[rows] = cosines[rows, columns], columns
    return cosine, partner


def matched_iou(table: Int[Tensor, "batch clusters segments"]) -> Float[Tensor, " batch"]:
    """Mean IoU over the segments of each image, each with the cluster that the Hungarian method gives it.

    A segment that gets no cluster counts as 0; clusters without a segment count for nothing. NaN without a segment.

    >>> matched_iou(torch.tensor([[[4, 0], [0, 2], [0, 2]]]))
    tensor([0.7500], dtype=torch.float64)
    """
    scores = iou_matrix(table).double().cpu()
    present = (table.sum(1) > 0).sum(1).tolist()
    sums = [float(score[match(score)].sum()) for score in scores]
    return torch.tensor(
        [total / count if count else torch.nan for total, count in zip(sums, present, strict=True)], dtype=torch.double
    )


def majority_accuracy(table: Int[Tensor, "batch clusters segments"]) -> Float[Tensor, " batch"]:
    """Share of the points that are right if every cluster is called by its most frequent segment; NaN without points.

    >>> majority_accuracy(torch.tensor([[[4, 1], [0, 3]]]))
    tensor([0.8750], dtype=torch.float64)
    """
    return table.amax(2).sum(1).double() / table.sum((1, 2))


def renaming(table: Int[Tensor, "clusters names"]) -> Int[Tensor, " clusters"]:
    """A name for every cluster so that most points keep the name that they have had: a permutation where sizes agree.

    Clusters beyond the number of names get new names, in their order.

    >>> renaming(torch.tensor([[0, 5, 1], [6, 0, 0], [0, 4, 0], [0, 0, 0]]))
    tensor([1, 0, 2, 3])
    """
    clusters, names = table.shape
    wide = torch.nn.functional.pad(table, (0, max(0, clusters - names)))
    rows, columns = match(wide)
    given = torch.empty(clusters, dtype=torch.long)
    given[torch.from_numpy(rows)] = torch.from_numpy(columns)
    return given.to(table.device)


def _pairs(counts: Tensor) -> Tensor:
    return counts * (counts - 1) / 2
