"""Strategies as clusters: found where they are, as many as there are, and described by what sets them apart."""

import math

import numpy as np
import pytest
import torch
from scipy.linalg import eigh
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score, silhouette_score

from rivalry.concepts.strategies import portraits, strategic_clusters
from rivalry.concepts.strategies.clusters import neighbour_places
from rivalry.numerics.kmeans import kmeans


def groups(sizes: tuple[int, ...], concepts: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Groups of these sizes, each by a concept of its own; and the group of each image."""
    group = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    vectors = 0.3 * torch.randn(len(group), concepts, generator=torch.Generator().manual_seed(0))
    vectors[torch.arange(len(group)), group] += 4
    order = torch.randperm(len(group), generator=torch.Generator().manual_seed(1))
    return vectors[order], group[order]


@pytest.mark.parametrize("sizes", [(20, 40), (10, 30, 20), (15, 15, 20, 10, 12)])
def test_as_many_are_found_as_there_are(sizes: tuple[int, ...]) -> None:
    vectors, group = groups(sizes)
    found = strategic_clusters(vectors)
    assert adjusted_rand_score(group, found.labels) == 1
    assert torch.bincount(found.labels).tolist() == sorted(sizes, reverse=True)  # the commonest first
    assert found.silhouette == pytest.approx(silhouette_score(vectors.numpy(), found.labels.numpy()), abs=1e-5)


def test_long_strategies_side_by_side_are_not_cut_across() -> None:
    """K-means of the vectors themselves halves both; neighbours do not."""
    draws = torch.Generator().manual_seed(3)
    long, group = 8 * torch.rand(200, generator=draws), torch.arange(200) % 2
    vectors = torch.stack([long, 1.5 * group + 0.1 * torch.randn(200, generator=draws)], 1)
    assert adjusted_rand_score(group, kmeans(vectors[None], 2).labels[0]) < 0.1
    assert adjusted_rand_score(group, strategic_clusters(vectors, most=2).labels) == 1


def test_places_by_neighbours_solve_the_eigenproblem_of_the_graph() -> None:
    vectors, _ = groups((50, 40, 30))
    away = cdist(vectors.double().numpy(), vectors.double().numpy())
    weights = np.zeros((120, 120))
    for image in range(120):
        for other in [one for one in np.argsort(away[image]) if one != image][:10]:
            weights[image, other] += 0.5
            weights[other, image] += 0.5
    degrees = np.diag(weights.sum(1))
    values = eigh(degrees - weights, degrees, eigvals_only=True)[:4]
    places = neighbour_places(vectors, 4).double().numpy()
    np.testing.assert_allclose((degrees - weights) @ places, degrees @ places * values, atol=2e-5)
    np.testing.assert_allclose(places.T @ degrees @ places, np.eye(4), atol=1e-5)


def test_no_more_than_asked_for() -> None:
    vectors, _ = groups((15, 15, 20, 10, 12))
    assert int(strategic_clusters(vectors, most=3).labels.max()) <= 2


def test_the_same_seed_finds_the_same() -> None:
    vectors = torch.randn(90, 5, generator=torch.Generator().manual_seed(2))
    first, again = strategic_clusters(vectors, seed=4), strategic_clusters(vectors, seed=4)
    assert torch.equal(first.labels, again.labels)
    assert first.silhouette == again.silhouette


@pytest.mark.parametrize("vectors", [torch.ones(1, 3), torch.tensor([[0.0, 1.0], [9.0, 0.0]]), torch.ones(12, 3)])
def test_too_few_or_all_alike_are_one_strategy(vectors: torch.Tensor) -> None:
    found = strategic_clusters(vectors)
    assert found.labels.tolist() == [0] * len(vectors)
    assert math.isnan(found.silhouette)
    (only,) = portraits(vectors, found.labels, torch.ones(len(vectors), dtype=torch.bool))
    assert only.images == len(vectors)
    assert only.concepts == only.differences == ()


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="got 0 and 8"):
        strategic_clusters(torch.zeros(0, 3))
    with pytest.raises(ValueError, match="got 5 and 1"):
        strategic_clusters(torch.zeros(5, 3), most=1)
    with pytest.raises(ValueError, match="must be finite"):
        strategic_clusters(torch.tensor([[0.0], [torch.nan], [1.0]]))


def test_a_portrait_worked_by_hand() -> None:
    importance = torch.tensor([[4.0, 0.0, 1.0], [4.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 3.0, 1.0]])
    labels, correct = torch.tensor([0, 0, 1, 1]), torch.tensor([True, True, True, False])
    marked = torch.tensor([False, False, True, True])
    first, second = portraits(importance, labels, correct, marked, told=2)
    assert (first.strategy, first.images, first.accuracy, first.marked_share) == (0, 2, 1.0, 0.0)
    assert (second.strategy, second.images, second.accuracy, second.marked_share) == (1, 2, 0.5, 1.0)
    # Concept 0: 4 and 0, standard deviation 2. Concept 1: means 0 and 2, deviation √1.5. Concept 2 is always the same.
    assert first.concepts == second.concepts == (0, 1)
    np.testing.assert_allclose(first.differences, (2, -2 / math.sqrt(1.5)))
    np.testing.assert_allclose(second.differences, (-2, 2 / math.sqrt(1.5)))
    everything = portraits(importance, labels, correct)[0]
    assert everything.marked_share is None
    assert everything.concepts == (0, 1, 2)
    assert everything.differences[2] == 0


def test_what_a_group_is_by_sets_it_apart() -> None:
    vectors, group = groups((10, 30, 20))
    found = portraits(vectors, group, torch.ones(len(group), dtype=torch.bool))
    assert [one.concepts[0] for one in found] == [0, 1, 2]
    assert all(one.differences[0] > 1 for one in found)
