"""Clusters of pictures, all at once, beside scikit-learn's KMeans picture by picture, at equal inertia.

Features are those of an untrained ResNet-18 on PictureBook, as ActivationClusters stacks them: 8 × 8 places, and
14 × 14 as in a vision transformer. Both ways start three times by greedy k-means++, as ActivationClusters does, every
picture by random numbers of its own, and stop by 1e-5.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import timm
import torch
from side_by_side import Comparison
from sklearn.cluster import KMeans
from torch import Tensor

from rivalry.data import PictureBook
from rivalry.numerics.kmeans import kmeans
from rivalry.recording.depths import stack_depths

CLUSTERS, STARTS = 5, 3
PICTURES = 128
AGREEMENT = 0.01
"""Mean inertia of the two ways may differ by this share."""


def clusterings(side: int) -> Callable[[torch.device], tuple[Callable[[], object], Callable[[], object]]]:
    """Both ways on features of a grid with so many places a side."""

    def prepare(device: torch.device) -> tuple[Callable[[], object], Callable[[], object]]:
        points = features(side).to(device)
        pictures = list(points.cpu().numpy())

        def ours() -> Tensor:
            return kmeans(points, CLUSTERS, restarts=STARTS, seed=0).inertia

        def reference() -> np.ndarray:
            fits = (KMeans(CLUSTERS, n_init=STARTS, tol=1e-5, random_state=number) for number in range(len(pictures)))
            return np.array([fit.fit(one).inertia_ for fit, one in zip(fits, pictures, strict=True)])

        apart = abs(float(ours().mean()) / float(reference().mean()) - 1)
        if apart > AGREEMENT:
            raise ValueError(
                f"the inertia of the two ways is {apart:.1%} apart, and a comparison allows {AGREEMENT:.0%}"
            )
        return ours, reference

    return prepare


def features(side: int) -> Tensor:
    """Stacked features (pictures, places, channels) of the last three stages."""
    torch.manual_seed(0)
    network = timm.create_model("resnet18", features_only=True, out_indices=(2, 3, 4)).eval()
    book = PictureBook(PICTURES, seed=2, size=8 * side, cache=False)
    images = torch.stack([book[index]["image"] for index in range(PICTURES)]).float() / 255
    with torch.no_grad():
        parts = [stack_depths(network(batch)) for batch in torch.split(images, 32)]
    return torch.cat(parts).flatten(1, 2)


COMPARISONS = [
    Comparison(
        f"clusters of {PICTURES} pictures, {side} × {side} places", "scikit-learn KMeans, picture by picture",
        clusterings(side), 3,
    )
    for side in (8, 14)
]  # fmt: skip
