"""Saturation: does the mark leave less of the picture in the representation? Our operationalisation.

The encoder's features of both renders of a picture are clustered together (multi-depth features, weighted as NAVE does,
Boubekki, Fadel & Mair, arXiv:2411.19700; k-means, K = 5 over both renders), so that a cluster means the same in both.

- entropy drop: entropy of the clusters on the object's pixels, over log K, of the clean picture minus the marked one.
  The cells that the mark touches are left out of both, so that what falls is what the mark does elsewhere.
- cluster IoU: the largest IoU of a cluster of the marked picture with the mark's pixels; beside it that of the clean
  picture with the same pixels. Largest by the mask, so an upper bound.
- effective-rank drop: exp of the entropy of the normalised singular values (Roy & Vetterli 2007) of a layer's centred
  features at the cells that the mark does not touch, of the clean picture minus the marked one.

What NAVE's paper itself measures as saturation is not known to us.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, adaptive_max_pool2d, interpolate

from rivalry.numerics.kmeans import kmeans
from rivalry.recording.depths import stack_depths

CLUSTERS = 5


class ClusterSaturation(NamedTuple):
    """What joint clusters say of each picture.

    Attributes:
        entropy_drop: Clean minus marked, in [−1, 1]; NaN where the object has no cell beside the mark.
        iou: Largest IoU of a cluster of the marked picture with the mark, in [0, 1].
        iou_clean: The same of the clean picture with the same pixels.
    """

    entropy_drop: Float[Tensor, " batch"]
    iou: Float[Tensor, " batch"]
    iou_clean: Float[Tensor, " batch"]


def saturate(
    clean: Sequence[Float[Tensor, "batch _ _ _"]],
    marked: Sequence[Float[Tensor, "batch _ _ _"]],
    masks: Bool[Tensor, "batch height width"],
    objects: Bool[Tensor, "batch height width"],
    *,
    index: Sequence[int],
    seed: int,
) -> ClusterSaturation:
    """Cluster both renders of every picture together, and compare them.

    Args:
        clean: Feature maps of the clean pictures, shallow to deep.
        marked: Of the marked ones.
        masks: Pixels of the mark.
        objects: Pixels of the object, or all of them.
        index: Positions of the pictures in the data set, to which the seeding belongs.
        seed: Of the clustering.
    """
    stacks = [stack_depths(maps).float() for maps in (clean, marked)]
    height, width = stacks[0].shape[1:3]
    points = torch.cat([stack.flatten(1, 2) for stack in stacks], 1)
    labels = kmeans(points, min(CLUSTERS, points.shape[1]), seed=seed, index=index, restarts=1).labels
    of_clean, of_marked = labels.reshape(-1, 2, height, width).unbind(1)
    cells = on_grid(objects, (height, width)) & ~touched(masks, (height, width))
    drop = cluster_entropy(of_clean, cells) - cluster_entropy(of_marked, cells)
    return ClusterSaturation(drop, best_iou(of_marked, masks), best_iou(of_clean, masks))


def cluster_entropy(
    labels: Int[Tensor, "batch rows columns"], cells: Bool[Tensor, "batch rows columns"], clusters: int = CLUSTERS
) -> Float[Tensor, " batch"]:
    """Entropy of the clusters over some cells of each picture, over log K, in [0, 1]; NaN where there are no cells.

    >>> labels = torch.tensor([[[0, 1], [1, 2]]])
    >>> cluster_entropy(labels, labels < 2, clusters=2).round(decimals=3)
    tensor([0.9180])
    """
    counts = torch.stack([((labels == cluster) & cells).sum((1, 2)) for cluster in range(clusters)], 1).float()
    share = counts / counts.sum(1, keepdim=True)
    entropy: Tensor = torch.special.entr(share).sum(1) / math.log(clusters)
    return entropy


def best_iou(
    labels: Int[Tensor, "batch rows columns"], masks: Bool[Tensor, "batch height width"], clusters: int = CLUSTERS
) -> Float[Tensor, " batch"]:
    """The largest IoU that a cluster of each picture has with a mask, in [0, 1].

    >>> best_iou(torch.tensor([[[0, 1]]]), torch.tensor([[[True, True, True, False]]]))
    tensor([0.6667])
    """
    pixels = interpolate(labels[:, None].float(), masks.shape[1:], mode="nearest-exact")[:, 0]
    ious = []
    for cluster in range(clusters):
        members = pixels == cluster
        ious.append((members & masks).sum((1, 2)) / (members | masks).sum((1, 2)).clamp(min=1))
    return torch.stack(ious, 1).amax(1)


def effective_rank(features: Float[Tensor, "cells channels"]) -> float:
    """The effective rank of what varies between cells, 1 or more; NaN where nothing varies.

    >>> round(effective_rank(torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])), 6)
    2.0
    """
    centred = features.double() - features.double().mean(0)
    values = torch.linalg.svdvals(centred)
    if not len(values) or not values[0] > 1e-12 * max(float(features.abs().max()), 1e-300):
        return math.nan
    share = values / values.sum()
    return float(torch.special.entr(share).sum().exp())


def effective_ranks(
    clean: Float[Tensor, "batch channels rows columns"],
    marked: Float[Tensor, "batch channels rows columns"],
    masks: Bool[Tensor, "batch height width"],
) -> Float[Tensor, "batch renders"]:
    """The effective rank of a layer at the cells without mark, of the clean and of the marked render."""
    beside = ~touched(masks, (clean.shape[2], clean.shape[3]))
    ranks = [
        [effective_rank(maps[picture][:, cells].T) if int(cells.sum()) > 1 else math.nan for maps in (clean, marked)]
        for picture, cells in enumerate(beside)
    ]
    return torch.tensor(ranks, dtype=torch.float64).reshape(-1, 2)


def on_grid(pixels: Bool[Tensor, "batch height width"], grid: tuple[int, int]) -> Bool[Tensor, "batch rows columns"]:
    """Cells of a layer's grid that lie in a mask by half or more."""
    return adaptive_avg_pool2d(pixels[:, None].float(), grid)[:, 0] >= 0.5


def touched(pixels: Bool[Tensor, "batch height width"], grid: tuple[int, int]) -> Bool[Tensor, "batch rows columns"]:
    """Cells of a layer's grid that hold a pixel of a mask."""
    return adaptive_max_pool2d(pixels[:, None].float(), grid)[:, 0] > 0
