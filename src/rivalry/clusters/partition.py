"""Clusters of single pictures: k-means over the places of each, with K given or chosen by the silhouette.

K never depends on masks. NAVE's author found that the largest drop of inertia does not recover K; the silhouette is the
choice that is left without truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.numerics.kmeans import kmeans
from rivalry.numerics.silhouette import silhouette

CANDIDATES = (2, 3, 4, 5, 6, 7, 8)
"""What ``auto`` chooses K from."""

JUDGED_POSITIONS = 1024
"""Places of a picture, evenly spaced, that the silhouette is taken of, at most."""

_ELEMENTS_AT_ONCE = 2**26


class Partition(NamedTuple):
    """How pictures were parted.

    Attributes:
        labels: Cluster of each place, from 0.
        clusters: K of each picture.
        silhouette: Mean silhouette of each picture's places.
    """

    labels: Int[Tensor, "batch height width"]
    clusters: Int[Tensor, " batch"]
    silhouette: Float[Tensor, " batch"]


def part(
    features: Float[Tensor, "batch height width channels"],
    candidates: Sequence[int],
    *,
    seed: int,
    index: Sequence[int],
) -> Partition:
    """Cluster each picture by itself.

    Args:
        features: At each place.
        candidates: The K, or several of which each picture takes the one of the largest silhouette, the first of
            several as large.
        seed: Of the seeding.
        index: Of the pictures in their data set: they decide the random numbers.
    """
    points = features.flatten(1, 2)
    height, width = features.shape[1:3]
    best: Partition | None = None
    for clusters in candidates:
        labels = kmeans(points, clusters, seed=seed, index=index).labels
        score = judge(points, labels)
        new = Partition(labels.view(-1, height, width), torch.full_like(labels[:, 0], clusters), score)
        best = new if best is None else _better(best, new)
    if best is None:
        raise ValueError("clusters are at least one number K, got none")
    return best


def part_by(
    features: Float[Tensor, "batch height width channels"],
    clusters: Int[Tensor, " batch"],
    *,
    seed: int,
    index: Sequence[int],
) -> Int[Tensor, "batch height width"]:
    """Cluster each picture by itself, with a K of its own."""
    labels = torch.zeros(features.shape[:3], dtype=torch.long, device=features.device)
    for count in torch.unique(clusters).tolist():
        rows = (clusters == count).nonzero().flatten()
        own = [index[row] for row in rows.tolist()]
        found = kmeans(features[rows].flatten(1, 2), count, seed=seed, index=own).labels
        labels[rows] = found.view(-1, *features.shape[1:3])
    return labels


def judge(
    points: Float[Tensor, "batch points channels"], labels: Int[Tensor, "batch points"]
) -> Float[Tensor, " batch"]:
    """Silhouette of at most ``JUDGED_POSITIONS`` places a picture."""
    count = points.shape[1]
    if count > JUDGED_POSITIONS:
        places = torch.linspace(0, count - 1, JUDGED_POSITIONS, device=points.device).long()
        points, labels, count = points[:, places], labels[:, places], JUDGED_POSITIONS
    group = max(1, _ELEMENTS_AT_ONCE // count**2)
    parts = zip(torch.split(points, group), torch.split(labels, group), strict=True)
    return torch.cat([silhouette(*one) for one in parts])


def _better(first: Partition, second: Partition) -> Partition:
    """Of each picture the partition with the larger silhouette, else the first."""
    wins = second.silhouette > first.silhouette
    return Partition(
        torch.where(wins[:, None, None], second.labels, first.labels),
        torch.where(wins, second.clusters, first.clusters),
        torch.where(wins, second.silhouette, first.silhouette),
    )
