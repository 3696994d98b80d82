"""K-means finds what scikit-learn finds, whatever else is in the batch."""

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from torch import Tensor

from rivalry.numerics.distances import Distances, PairDistances, PointDistances, choose_distances
from rivalry.numerics.kmeans import assign, kmeans


def clouds(images: int, points: int, channels: int, *, middles: int = 7, seed: int = 0, spread: float = 1.0) -> Tensor:
    """Points about some middles an image, of length 1, as features of a network are."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(images, middles, channels, generator=generator)
    of = torch.randint(0, middles, (images, points), generator=generator)
    noise = spread * torch.randn(images, points, channels, generator=generator)
    return torch.nn.functional.normalize(centres.gather(1, of[..., None].expand(-1, -1, channels)) + noise, dim=2)


@pytest.mark.parametrize(
    ("points", "channels", "clusters"), [(64, 112, 5), (196, 96, 5), (100, 300, 12), (400, 16, 3), (50, 8, 1)]
)
def test_inertia_agrees_with_scikit_learn(points: int, channels: int, clusters: int) -> None:
    features = clouds(8, points, channels, middles=clusters + 1)
    found = kmeans(features, clusters, restarts=30)
    expected = [KMeans(clusters, n_init=30, tol=1e-5, random_state=0).fit(image.numpy()).inertia_ for image in features]
    assert found.inertia.numpy() == pytest.approx(np.array(expected), rel=0.01)


def test_labels_centroids_and_inertia_belong_together() -> None:
    features = clouds(3, 80, 20) + 5.0  # away from 0, where products lose digits
    labels, centroids, inertia = kmeans(features, 4)
    for image in range(3):
        for cluster in range(4):
            own = features[image][labels[image] == cluster]
            assert centroids[image, cluster].tolist() == pytest.approx(own.mean(0).tolist(), abs=1e-5)
        away = (features[image] - centroids[image][labels[image]]).square().sum()
        assert float(inertia[image]) == pytest.approx(float(away), rel=1e-4)
    assert torch.equal(assign(features, centroids), labels)


def test_an_image_is_clustered_alike_in_any_company() -> None:
    features = clouds(6, 60, 30, spread=1.5)
    together = kmeans(features, 5, seed=3)
    for image in range(6):
        alone = kmeans(features[image : image + 1], 5, seed=3, index=[image])
        assert torch.equal(alone.labels[0], together.labels[image])
    order = [4, 1, 5, 0, 2, 3]
    assert torch.equal(kmeans(features[order], 5, seed=3, index=order).labels, together.labels[order])


def test_seeds_decide_and_restarts_help() -> None:
    features = clouds(8, 100, 10, spread=2.0)
    assert torch.equal(kmeans(features, 8, seed=1).labels, kmeans(features, 8, seed=1).labels)
    assert not torch.equal(
        kmeans(features, 8, seed=1, restarts=1).labels, kmeans(features, 8, seed=2, restarts=1).labels
    )
    once, often = (kmeans(features, 8, restarts=restarts).inertia for restarts in (1, 8))
    assert bool((often <= once * 1.0001).all())
    assert float(often.sum()) < float(once.sum())


def test_fewer_different_points_than_clusters_leave_clusters_empty() -> None:
    points = torch.tensor([[[1.0, 0.0]] * 5, [[0.0, 1.0]] * 4 + [[3.0, 0.0]]])
    labels, centroids, inertia = kmeans(points, 3)
    assert [len(row.unique()) for row in labels] == [1, 2]
    assert inertia.tolist() == [0.0, 0.0]
    assert bool(centroids.isfinite().all())


def test_a_cluster_that_lost_its_points_takes_the_point_worst_served() -> None:
    from rivalry.numerics.kmeans import _means

    points = torch.tensor([[[0.0], [1.0], [10.0]]])
    weights = torch.tensor([[[[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]]])
    labels = torch.zeros(1, 1, 3, dtype=torch.long)  # nothing is left to the second
    assert _means(PointDistances(points), weights, labels).tolist() == [[[[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]]]


@pytest.mark.parametrize("kind", [PairDistances, PointDistances])
def test_distances_are_those_of_the_points(kind: type[Distances]) -> None:
    points = clouds(3, 9, 4)
    ours: Distances = PairDistances(points @ points.mT) if kind is PairDistances else PointDistances(points)
    weights = torch.rand(3, 2, 5, 9, generator=torch.Generator().manual_seed(0))
    means = (weights.flatten(1, 2) @ points).view(3, 2, 5, 4)
    expected = torch.cdist(means.flatten(1, 2), points).square().view(3, 2, 5, 9)
    assert torch.allclose(ours.to_means(weights), expected, atol=1e-4)
    places = torch.tensor([[0, 3], [1, 1], [8, 2]])
    away = torch.cdist(points, points).square()
    assert torch.allclose(ours.to_points(places), away.gather(1, places[..., None].expand(-1, -1, 9)), atol=1e-5)
    some = torch.tensor([True, False, True])
    assert torch.allclose(ours.of(some).to_means(weights[some]), expected[some], atol=1e-4)


def test_few_points_with_many_channels_are_held_by_pairs() -> None:
    assert isinstance(choose_distances(torch.zeros(1, 49, 900), 5, 39), PairDistances)
    assert isinstance(choose_distances(torch.zeros(1, 5000, 16), 5, 39), PointDistances)


def test_half_precision_will_do() -> None:
    features = clouds(2, 50, 20)
    exact, rounded = kmeans(features, 4), kmeans(features.half(), 4)
    assert rounded.inertia.tolist() == pytest.approx(exact.inertia.tolist(), rel=0.01)


def test_no_images_are_no_error() -> None:
    found = kmeans(torch.zeros(0, 10, 4), 3)
    assert (found.labels.shape, found.centroids.shape, found.inertia.shape) == ((0, 10), (0, 3, 4), (0,))


@pytest.mark.parametrize(
    ("points", "clusters", "said"),
    [
        (torch.zeros(1, 3, 2), 4, "3 points cannot be parted into 4 clusters"),
        (torch.zeros(1, 3, 2), 0, "clusters of k-means is 1 or more, got 0"),
        (torch.full((1, 3, 2), torch.nan), 2, "must be finite"),
    ],
)
def test_what_cannot_be_clustered_is_refused(points: Tensor, clusters: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        kmeans(points, clusters)
