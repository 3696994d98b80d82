"""Strategies as clusters of importance vectors: k-means, and as many clusters as the silhouette asks for."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.numerics.kmeans import kmeans
from rivalry.numerics.silhouette import silhouette

MOST = 8
"""Strategies of a class at most."""


class Clusters(NamedTuple):
    """The strategies of a class.

    Attributes:
        labels: The strategy of each image, 0 for the commonest.
        silhouette: How much nearer images are to their own strategy than to the next, in [−1, 1]; NaN where there is
            but one.
    """

    labels: Int[Tensor, " images"]
    silhouette: float


def strategic_clusters(importance: Float[Tensor, "images concepts"], *, most: int = MOST, seed: int = 0) -> Clusters:
    """Cluster images by their importance vectors.

    Of 2 to ``most`` clusters those of the largest silhouette are kept, the fewest of several. All images are one
    strategy where there are fewer than three, or all have the same vector.

    Args:
        importance: φ, in units of the logit: a concept counts as much as it moves the logit. At least one image.
        most: Clusters at most, 2 or more.
        seed: Of k-means.

    Raises:
        ValueError: For no image, bounds that are not kept, or importances that are not finite.

    >>> strategic_clusters(torch.tensor([[0.0, 1.0], [0.1, 1.0], [5.0, 0.0], [5.1, 0.0], [5.2, 0.0]])).labels
    tensor([1, 1, 0, 0, 0])
    """
    if not len(importance) or most < 2:
        raise ValueError(f"strategies need an image and 2 clusters or more at most; got {len(importance)} and {most}")
    best, clearest = torch.zeros(len(importance), dtype=torch.long, device=importance.device), -1.0
    points = importance.detach()[None]
    for count in range(2, min(most, len(importance) - 1) + 1):
        labels = kmeans(points, count, seed=seed).labels
        score = float(silhouette(points, labels))
        if score > clearest:
            best, clearest = labels[0], score
    return Clusters(_by_size(best), clearest if bool(best.any()) else math.nan)


def _by_size(labels: Int[Tensor, " images"]) -> Int[Tensor, " images"]:
    """The same clusters, numbered from the largest on without gaps."""
    sizes = torch.bincount(labels)
    order = sizes.argsort(descending=True, stable=True)
    return torch.empty_like(order).scatter_(0, order, torch.arange(len(order), device=order.device))[labels]
