"""Names that stay: the cluster that covers what a cluster covered before gets its name, and so its colour.

Clusters come out of k-means in any order. Between epochs and between depths they are matched so that as many places as
possible keep their name (Hungarian method); where there is nothing to match, the largest comes first.
"""

from __future__ import annotations

from jaxtyping import Int
from torch import Tensor

from rivalry.numerics.matching import contingency, renaming

LabelMaps = Int[Tensor, "batch height width"]


def rename(labels: LabelMaps, reference: LabelMaps, *, joint: bool) -> LabelMaps:
    """Give clusters the names of those that they overlap most in a reference.

    Args:
        labels: Clusters of pictures, from 0.
        reference: Named clusters of the same pictures.
        joint: Whether a cluster is the same in all pictures, and so has one name in all.
    """
    if not len(labels):
        return labels
    sizes = int(labels.max()) + 1, int(reference.max()) + 1
    tables = contingency(labels.flatten(1), reference.flatten(1), sizes)
    if joint:
        return renaming(tables.sum(0))[labels]
    named = labels.clone()
    for picture, table in enumerate(tables):
        named[picture] = renaming(table)[labels[picture]]
    return named


def by_size(labels: LabelMaps, *, joint: bool) -> LabelMaps:
    """Name clusters by their size, the largest 0; of a picture each, or of all together.

    >>> import torch
    >>> by_size(torch.tensor([[[2, 2, 0]], [[1, 1, 1]]]), joint=False).tolist()
    [[[0, 0, 1]], [[0, 0, 0]]]
    """
    if not len(labels):
        return labels
    count = int(labels.max()) + 1
    sizes = contingency(labels.flatten(1), labels.flatten(1), (count, count)).diagonal(dim1=1, dim2=2)
    if joint:
        sizes = sizes.sum(0, keepdim=True).expand(len(labels), -1)
    ranks = sizes.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    return ranks.gather(1, labels.flatten(1)).view_as(labels)
