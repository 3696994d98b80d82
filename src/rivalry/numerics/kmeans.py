"""K-means of many images at once: greedy k-means++ and Lloyd's iterations, on the device of the points.

    minimise  Σ_n ‖x_n − c_{label(n)}‖²          c_k = Σ_n w_kn x_n   (w: 1/size for its members, 0 for others)

Seeding is that of Arthur & Vassilvitskii ("k-means++", SODA 2007), the best of several candidates at each step, as in
scikit-learn. A centroid is held as the weights of its points, so that where an image has few points with many channels
one product of all pairs of points (Gram matrix) serves every iteration and every restart, and the points themselves are
looked at no more (:mod:`rivalry.numerics.distances`).

Random numbers belong to (seed, image): what is found for an image does not depend on the other images of its batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.numerics.distances import Distances, choose_distances, pairs_are_cheaper

_NUMBERS_AT_ONCE = {"cpu": 2**21, "cuda": 2**26}
"""Of points that are clustered together: on a CPU as many as its cache holds."""

_PAIRS_AT_ONCE = 2**24
"""Of products of pairs: every step then serves as many images as memory allows."""


class Clustering(NamedTuple):
    """What was found.

    Attributes:
        labels: The cluster of each point, from 0.
        centroids: Mean of each cluster's points. A cluster stays empty only where an image has fewer different points
            than clusters; its centroid is then a copy of another.
        inertia: Sum of squared distances of points to the centroids of their clusters.
    """

    labels: Int[Tensor, "batch points"]
    centroids: Float[Tensor, "batch clusters channels"]
    inertia: Float[Tensor, " batch"]


def kmeans(
    points: Float[Tensor, "batch points channels"],
    clusters: int,
    *,
    seed: int = 0,
    index: Sequence[int] | None = None,
    iterations: int = 300,
    tolerance: float = 1e-5,
    restarts: int = 3,
) -> Clustering:
    """Cluster the points of every image by themselves.

    Args:
        points: Finite; at least as many as clusters.
        clusters: Number of clusters K, 1 or more.
        seed: Of the seeding.
        index: What each image's random numbers belong to; its place in the batch by default.
        iterations: Lloyd's steps at most.
        tolerance: An image is done where no label changes, or its inertia falls by less than this share.
        restarts: Runs of which the one of least inertia counts.

    Raises:
        ValueError: For bounds that are not kept, or points that are not finite.

    >>> kmeans(torch.tensor([[[0.0], [0.1], [5.0], [5.1]]]), 2).inertia
    tensor([0.0100])
    """
    _check(points, clusters, iterations, restarts)
    index = range(len(points)) if index is None else index
    draws = _draws(seed, index, restarts, clusters).to(points.device)
    group = _images_at_once(points, clusters, draws.shape[1])
    parts = [
        _cluster(part.float(), drawn, clusters, iterations, tolerance)
        for part, drawn in zip(torch.split(points, group), torch.split(draws, group), strict=True)
    ]
    return Clustering(*(torch.cat(of_parts) for of_parts in zip(*parts, strict=True)))


def assign(
    points: Float[Tensor, "batch points channels"], centroids: Float[Tensor, "batch clusters channels"]
) -> Int[Tensor, "batch points"]:
    """The nearest centroid of each point, the first of several that are as near.

    >>> assign(torch.tensor([[[0.0], [4.0]]]), torch.tensor([[[5.0], [1.0]]]))
    tensor([[1, 0]])
    """
    middle = centroids.mean(1, keepdim=True)  # products of what is near 0 keep their digits
    centroids = centroids - middle
    nearness = torch.baddbmm(centroids.square().sum(2)[:, None] / -2, points - middle, centroids.mT)
    return nearness.argmax(2)


def _check(points: Tensor, clusters: int, iterations: int, restarts: int) -> None:
    for name, number in (("clusters", clusters), ("iterations", iterations), ("restarts", restarts)):
        if number < 1:
            raise ValueError(f"{name} of k-means is 1 or more, got {number}")
    if points.shape[1] < clusters:
        raise ValueError(f"{points.shape[1]} points cannot be parted into {clusters} clusters; wanted at most as many")
    if not bool(points.sum(dtype=torch.float32).isfinite()):  # in a quarter of the time of a look at each
        raise ValueError("points to be clustered must be finite, and some are NaN or infinite")


def _images_at_once(points: Tensor, clusters: int, draws: int) -> int:
    _, count, channels = points.shape
    if pairs_are_cheaper(count, channels, clusters, draws):
        return max(1, _PAIRS_AT_ONCE // count**2)
    return max(1, _NUMBERS_AT_ONCE.get(points.device.type, 2**24) // (count * channels))


def _draws(seed: int, index: Sequence[int], restarts: int, clusters: int) -> Float[Tensor, "batch draws"]:
    """Numbers in [0, 1), an image's own."""
    count = restarts * (1 + (clusters - 1) * _candidates(clusters))
    rows = [np.random.default_rng((seed, int(one))).random(count, dtype=np.float32) for one in index]
    return torch.from_numpy(np.array(rows, dtype=np.float32).reshape(len(rows), count))


def _candidates(clusters: int) -> int:
    """Points tried for each further seed, as many as in scikit-learn."""
    return 2 + int(math.log(clusters))


def _cluster(points: Tensor, draws: Tensor, clusters: int, iterations: int, tolerance: float) -> Clustering:
    distances = choose_distances(points, clusters, draws.shape[1])
    weights = _seed(distances, draws, clusters)
    weights, labels, inertia = _iterate(distances, weights, iterations, tolerance)
    best = inertia.argmin(1)
    rows = torch.arange(len(points), device=points.device)
    return Clustering(labels[rows, best], weights[rows, best] @ points, inertia[rows, best])


def _seed(
    distances: Distances, draws: Float[Tensor, "batch draws"], clusters: int
) -> Float[Tensor, "batch restarts clusters points"]:
    """Choose seeds far from each other: each the best of some that were drawn by their squared distance."""
    tried = _candidates(clusters)
    each = 1 + (clusters - 1) * tried
    draws = draws.view(len(draws), draws.shape[1] // each, each)
    batch, restarts, _ = draws.shape
    count = distances.points
    chosen = [(draws[:, :, :1] * count).long().clamp(max=count - 1)]
    nearest = distances.to_points(chosen[0].flatten(1))
    for first in range(1, each, tried):
        drawn = draws[:, :, first : first + tried]
        reach = nearest.double().cumsum(2)  # in single precision far points of many would never be drawn
        places = torch.searchsorted(reach, drawn.double() * reach[:, :, -1:], right=True).clamp(max=count - 1)
        away = distances.to_points(places.flatten(1)).view(batch, restarts, tried, count)
        away = torch.minimum(away, nearest[:, :, None])
        best = away.sum(3).argmin(2, keepdim=True)
        chosen.append(places.gather(2, best))
        nearest = away.gather(2, best[..., None].expand(-1, -1, 1, count)).squeeze(2)
    seeds = torch.cat(chosen, 2)
    return nearest.new_zeros(batch, restarts, clusters, count).scatter_(3, seeds[..., None], 1.0)


def _iterate(distances: Distances, weights: Tensor, iterations: int, tolerance: float) -> tuple[Tensor, Tensor, Tensor]:
    """Lloyd's steps until an image's restarts are all done; images that are done leave the working set."""
    inertia, labels = _nearest(distances, weights)
    result = (weights, labels.clone(), inertia.clone())
    places = torch.arange(len(weights), device=weights.device)
    for _ in range(iterations):
        weights = _means(distances, weights, labels)
        moved, new_labels = _nearest(distances, weights)
        for kept, new in zip(result, (weights, new_labels, moved), strict=True):
            kept[places] = new
        busy = ((new_labels != labels).any(2) & (inertia - moved > tolerance * inertia)).any(1)
        labels, inertia = new_labels, moved
        if bool(busy.all()):
            continue
        if not bool(busy.any()):
            break
        places, distances = places[busy], distances.of(busy)
        weights, labels, inertia = weights[busy], labels[busy], inertia[busy]
    return result


def _nearest(distances: Distances, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Inertia and labels by given centroids."""
    least, labels = distances.to_means(weights).min(2)
    return least.sum(2), labels


def _means(distances: Distances, weights: Tensor, labels: Tensor) -> Float[Tensor, "batch restarts clusters points"]:
    """New centroids; one that lost all its points takes the point that is worst served."""
    members = torch.zeros_like(weights).scatter_(2, labels[:, :, None], 1.0)
    sizes = members.sum(3, keepdim=True)
    if bool((sizes == 0).any()):
        members, sizes = _refill(distances, weights, members)
    return torch.where(sizes > 0, members / sizes.clamp(min=1), weights)


def _refill(distances: Distances, weights: Tensor, members: Tensor) -> tuple[Tensor, Tensor]:
    """Hand the points that are farthest from their centroids to clusters that are empty, as scikit-learn does."""
    away = (distances.to_means(weights) * members).sum(2)
    for cluster in range(members.shape[2]):
        far, worst = away.max(2, keepdim=True)
        empty = (members[:, :, cluster].sum(2, keepdim=True) == 0) & (far > 0)
        at_worst = torch.zeros_like(away).scatter_(2, worst, empty.to(away.dtype))
        members = members * (1 - at_worst[:, :, None])
        members[:, :, cluster] += at_worst
        away = away * (1 - at_worst)
    return members, members.sum(3, keepdim=True)
