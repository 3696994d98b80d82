"""Strategies as clusters of importance vectors, by the graph of each picture's nearest neighbours.

Spectral clustering (Shi & Malik, "Normalized cuts and image segmentation", PAMI 2000; von Luxburg, "A tutorial on
spectral clustering", Statistics and Computing 2007): with the weights W of the graph and degrees D, k-means of the
first K eigenvectors y of

    (D − W) y = λ D y

and K the one whose clusters have the largest silhouette as importance vectors. Neighbours are what the graph that is
looked at shows (:mod:`rivalry.concepts.strategies.layout`), so strategies are its islands.
"""

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

_NEIGHBOURS = 10
_FEWEST_NEIGHBOURS = 2
_IMAGES_A_NEIGHBOUR = 10


class Clusters(NamedTuple):
    """The strategies of a class.

    Attributes:
        labels: The strategy of each image, 0 for the commonest.
        silhouette: How much nearer images are to their own strategy than to the next, in (0, 1]; NaN where there is
            but one.
    """

    labels: Int[Tensor, " images"]
    silhouette: float


def strategic_clusters(importance: Float[Tensor, "images concepts"], *, most: int = MOST, seed: int = 0) -> Clusters:
    """Cluster images by their importance vectors.

    Of 2 to ``most`` clusters those of the largest silhouette are kept, the fewest of several. All images are one
    strategy where no silhouette is above 0, as where all have the same vector, and where there are fewer than three.
    Memory: some 40 bytes × images²; time grows with images³, half a second of one core for 1,300.

    Args:
        importance: φ, in units of the logit: a concept counts as much as it moves the logit. At least one image.
        most: Clusters at most, 2 or more.
        seed: Of k-means.

    Raises:
        ValueError: For no image, bounds that are not kept, or importances that are not finite.

    >>> strategic_clusters(torch.tensor([[0.0, 1.0], [0.1, 1.0], [5.0, 0.0], [5.1, 0.0], [5.2, 0.0]])).labels
    tensor([1, 1, 0, 0, 0])
    """
    images = len(importance)
    if not images or most < 2:
        raise ValueError(f"strategies need an image, and 2 clusters or more at most; got {images} and {most}")
    if not bool(importance.isfinite().all()):
        raise ValueError("importances to be clustered must be finite, and some are NaN or infinite")
    best, clearest = torch.zeros(images, dtype=torch.long, device=importance.device), 0.0
    counts = range(2, min(most, images - 1) + 1)
    places = neighbour_places(importance, counts[-1]) if counts else importance
    for count in counts:
        labels = kmeans(places[None, :, :count], count, seed=seed).labels
        score = float(silhouette(importance.detach()[None], labels))
        if score > clearest:
            best, clearest = labels[0], score
    return Clusters(_by_size(best), clearest if clearest > 0 else math.nan)


def neighbour_places(importance: Float[Tensor, "images concepts"], dimensions: int) -> Float[Tensor, "images _"]:
    """Where images lie by their neighbours alone: the first eigenvectors of the graph, y above.

    Two images are joined where one is among the nearest of the other, with the weight 1 where both are and ½ else. The
    nearest are ten, of less than a hundred images a tenth, two at least.

    Args:
        importance: Of three images or more.
        dimensions: How many eigenvectors, those of the smallest λ first.
    """
    vectors = importance.detach().double()
    images = len(vectors)
    away = torch.cdist(vectors, vectors, compute_mode="donot_use_mm_for_euclid_dist").fill_diagonal_(torch.inf)
    neighbours = max(_FEWEST_NEIGHBOURS, min(_NEIGHBOURS, images // _IMAGES_A_NEIGHBOUR))
    near = away.topk(neighbours, largest=False).indices
    joined = torch.zeros_like(away).scatter_(1, near, 1.0)
    weights = (joined + joined.mT) / 2
    scale = weights.sum(1).rsqrt()
    leading: Tensor = torch.linalg.eigh(scale[:, None] * weights * scale).eigenvectors.flip(1)[:, :dimensions]
    return (leading * scale[:, None]).float()


def _by_size(labels: Int[Tensor, " images"]) -> Int[Tensor, " images"]:
    """The same clusters, numbered from the largest on without gaps."""
    sizes = torch.bincount(labels)
    order = sizes.argsort(descending=True, stable=True)
    return torch.empty_like(order).scatter_(0, order, torch.arange(len(order), device=order.device))[labels]
