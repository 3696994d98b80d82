"""The silhouette is scikit-learn's."""

import pytest
import torch
from sklearn.metrics import silhouette_score

from rivalry.numerics.silhouette import silhouette


@pytest.mark.parametrize("clusters", [2, 5])
def test_equals_scikit_learn(clusters: int) -> None:
    generator = torch.Generator().manual_seed(clusters)
    points = torch.randn(4, 40, 6, generator=generator)
    labels = torch.randint(0, clusters, (4, 40), generator=generator)
    labels[1, labels[1] == 1] = 0  # a label that nobody has
    labels[1, 0] = 1  # and then one point has
    expected = [silhouette_score(image.numpy(), own.numpy()) for image, own in zip(points, labels, strict=True)]
    assert silhouette(points, labels).tolist() == pytest.approx(expected, abs=1e-4)


def test_one_cluster_tells_nothing() -> None:
    assert silhouette(torch.randn(1, 5, 2), torch.zeros(1, 5, dtype=torch.long)).tolist() == [-1.0]
