"""The silhouette: how much nearer points are to their own cluster than to the next one.

    s_n = (b_n − a_n) / max(a_n, b_n)        a: mean distance to the others of its cluster, b: to the nearest other one

Rousseeuw, "Silhouettes" (J. Comput. Appl. Math. 1987). It tells clusterings of different K apart without any truth.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor


def silhouette(
    points: Float[Tensor, "batch points channels"], labels: Int[Tensor, "batch points"]
) -> Float[Tensor, " batch"]:
    """Mean silhouette of each image's points, in [−1, 1]; as in scikit-learn, 0 for a point that is a cluster alone.

    Memory: 4 bytes × batch × points², so few points of a large set must do.

    Args:
        points: What was clustered.
        labels: Clusters from 0.

    Returns:
        −1 for an image whose points are all in one cluster: that tells nothing, and any other is better.

    >>> silhouette(torch.tensor([[[0.0], [1.0], [9.0], [10.0]]]), torch.tensor([[0, 0, 1, 1]]))
    tensor([0.8885])
    """
    points = points.float()
    away = torch.cdist(points, points)
    members = torch.nn.functional.one_hot(labels).to(away.dtype)
    sizes = members.sum(1)
    sums = away @ members
    own_size = sizes.gather(1, labels)
    own = sums.gather(2, labels[..., None]).squeeze(2) / (own_size - 1).clamp(min=1)
    elsewhere = torch.where(sizes[:, None] > 0, sums / sizes[:, None].clamp(min=1), torch.inf)
    other = elsewhere.scatter(2, labels[..., None], torch.inf).amin(2)
    score = (other - own) / torch.maximum(own, other).clamp(min=torch.finfo(away.dtype).tiny)
    score = torch.where(own_size > 1, score, 0.0).mean(1)
    return torch.where((sizes > 0).sum(1) > 1, score, -1.0)
