"""Clusters of all pictures together, so that a cluster means the same in each: needed to compare pictures.

A stated reservoir of places, as many of each picture, chosen by seed and index, is clustered; then every place of every
picture goes to the nearest centroid.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.clusters.partition import judge
from rivalry.numerics.kmeans import assign, kmeans

RESERVOIR = 2**25
"""Numbers (places × channels) that the reservoir holds at most."""


def positions_each(pictures: int, places: int, channels: int) -> int:
    """How many places of each picture the reservoir takes, 1 or more.

    >>> positions_each(200, 196, 576)
    196
    >>> positions_each(1000, 784, 3584)
    9
    """
    return max(1, min(places, RESERVOIR // (pictures * channels)))


def draw_positions(
    features: Float[Tensor, "batch height width channels"], count: int, *, seed: int, index: Sequence[int]
) -> Float[Tensor, "batch numbers"]:
    """Features at some places of each picture, chosen by seed and index."""
    points = features.flatten(1, 2)
    rows = [np.sort(np.random.default_rng((seed, one)).permutation(points.shape[1])[:count]) for one in index]
    places = torch.from_numpy(np.array(rows, dtype=np.int64).reshape(len(rows), count)).to(points.device)
    return points.gather(1, places[..., None].expand(-1, -1, points.shape[2])).flatten(1)


def fit(
    reservoir: Float[Tensor, "points channels"], candidates: Sequence[int], *, seed: int
) -> tuple[Float[Tensor, "clusters channels"], float]:
    """Centroids of the reservoir and their silhouette, of the K with the largest; the first of several as large."""
    points = reservoir[None]
    found = []
    for clusters in candidates:
        clustering = kmeans(points, clusters, seed=seed)
        found.append((float(judge(points, clustering.labels)), clustering.centroids[0]))
    score, centroids = max(found, key=lambda one: one[0])
    return centroids, score


def part_jointly(
    features: Float[Tensor, "batch height width channels"], centroids: Float[Tensor, "clusters channels"]
) -> Int[Tensor, "batch height width"]:
    """The nearest centroid at every place."""
    points = features.flatten(1, 2)
    return assign(points, centroids.expand(len(points), -1, -1)).view(features.shape[:3])
