"""How many of the clusters that tokens fall into are outliers rather than parts of the picture.

Patch tokens of each image, scaled to length 1, are clustered as in NAVE (Boubekki, Fadel & Mair, arXiv:2411.19700), by
k-means with k-means++ starts. A cluster is an artefact where at least half of its patches are outliers. Our
operationalisation.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.numerics.kmeans import kmeans

CLUSTERS = 5
PURITY = 0.5


def cluster_patches(
    patches: Float[Tensor, "batch patches channels"], index: Sequence[int], *, seed: int = 0
) -> Int[Tensor, "batch patches"]:
    """The cluster of every patch, image by image; as many clusters as there are patches, where these are fewer."""
    scaled = torch.nn.functional.normalize(patches.float(), dim=2)
    return kmeans(scaled, min(CLUSTERS, patches.shape[1]), seed=seed, index=index).labels


def artefact_share(labels: Int[Tensor, "batch patches"], outliers: Bool[Tensor, "batch patches"]) -> float:
    """The share of clusters at least half of whose patches are outliers, of all clusters that have patches.

    >>> artefact_share(torch.tensor([[0, 0, 1, 1, 1]]), torch.tensor([[True, False, True, False, False]]))
    0.5
    """
    sizes, hits = _count(labels, torch.ones_like(outliers)), _count(labels, outliers)
    return float(((hits >= PURITY * sizes) & (sizes > 0)).sum() / (sizes > 0).sum())


def _count(labels: Tensor, chosen: Tensor) -> Tensor:
    """Chosen patches in every cluster of every image."""
    return torch.zeros(len(labels), CLUSTERS, device=labels.device).scatter_add_(1, labels, chosen.float())
