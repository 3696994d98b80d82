"""The released code's scores, pairs counted by hand, and clusters that no seeded search betters."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans

from rivalry.numerics import semantics
from rivalry.numerics.semantics import (
    clarity,
    monosemanticity,
    monosemanticity_of_all,
    polysemanticity,
    redundancy,
    two_means,
    unit_interval,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "semanticlens_7779074.npz"


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN) as file:
        return dict(file)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def their_clusters(features: np.ndarray) -> list[KMeans]:
    return [KMeans(2, n_init=10, random_state=123).fit(unit) for unit in features]


def test_clarity_and_redundancy_equal_the_released_code_s(golden: dict[str, np.ndarray]) -> None:
    features = torch.from_numpy(golden["embeddings"])
    np.testing.assert_allclose(clarity(features).numpy(), golden["clarity"], atol=1e-6)
    assert float(redundancy(features.mean(1)).mean()) == pytest.approx(float(golden["redundancy"]), abs=1e-6)


def test_polysemanticity_equals_the_released_code_s_on_its_clusters(golden: dict[str, np.ndarray]) -> None:
    theirs = torch.from_numpy(np.stack([found.labels_ for found in their_clusters(golden["embeddings"])]) == 1)
    found = polysemanticity(torch.from_numpy(golden["embeddings"]), theirs)
    np.testing.assert_allclose(found.numpy(), golden["polysemanticity"], atol=1e-5)


def inertia(features: np.ndarray, second: np.ndarray) -> float:
    return sum(float(((part - part.mean(0)) ** 2).sum()) for part in (features[second], features[~second]))


def test_our_clusters_are_never_worse_than_those_of_the_released_code(golden: dict[str, np.ndarray]) -> None:
    """And so polysemanticity differs a little from theirs, whose ten seeded starts end in a worse place."""
    features = golden["embeddings"]
    ours = two_means(torch.from_numpy(features))
    errors = [inertia(one, part) for one, part in zip(features, ours.numpy(), strict=True)]
    assert all(error <= found.inertia_ + 1e-3 for error, found in zip(errors, their_clusters(features), strict=True))
    found = polysemanticity(torch.from_numpy(features)).numpy()
    np.testing.assert_allclose(found, golden["polysemanticity"], atol=0.085)
    assert np.corrcoef(found, golden["polysemanticity"])[0, 1] > 0.99


def test_two_means_are_the_best_of_all_partitions() -> None:
    features = random(6, 7, 3, seed=1)
    found = two_means(features)
    for unit, second in zip(features.numpy(), found.numpy(), strict=True):
        every = [np.array([False, *rest]) for rest in itertools.product([False, True], repeat=6) if any(rest)]
        assert inertia(unit, second) == pytest.approx(min(inertia(unit, part) for part in every), rel=1e-5)


def test_clusters_do_not_depend_on_order_or_company(monkeypatch: pytest.MonkeyPatch) -> None:
    features = random(5, 9, 4)
    order = torch.randperm(9, generator=torch.Generator().manual_seed(0))
    moved = two_means(features[:, order])
    back = two_means(features)[:, order]
    assert torch.equal(moved, back ^ back[:, :1])
    monkeypatch.setattr(semantics, "_ELEMENTS_AT_ONCE", 1)
    assert torch.equal(two_means(features[:, order]), moved)


def test_two_meanings_are_far_apart_and_an_outlier_is_none() -> None:
    one, other = torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0])
    noise = 0.01 * random(1, 6, 3)
    two = torch.stack([one, one, one, other, other, other])[None] + noise
    outlier = torch.stack([one, one, one, one, one, other])[None] + noise
    alike = one.expand(1, 6, 3) + noise
    assert float(polysemanticity(two)) == pytest.approx(1, abs=0.03)
    mean = (5 * one + other) / 6
    expected = 1 - (5 * mean[0] / mean.norm() + mean[1] / mean.norm()) / 6
    assert float(polysemanticity(outlier)) == pytest.approx(float(expected), abs=0.03)
    assert float(polysemanticity(alike)) == pytest.approx(0, abs=0.001)
    assert float(clarity(alike)) == pytest.approx(1, abs=0.001)


@pytest.mark.parametrize("examples", [2, 3])
def test_few_examples_and_equal_ones_have_scores(examples: int) -> None:
    same = torch.ones(1, examples, 4)
    assert float(polysemanticity(same)) == pytest.approx(0, abs=1e-6)
    assert bool(polysemanticity(random(8, examples, 4)).isfinite().all())


def test_monosemanticity_is_the_weighted_mean_over_pairs() -> None:
    activations, features = torch.rand(3, 6, generator=torch.Generator().manual_seed(2)), random(3, 6, 5)
    for unit in range(3):
        pairs = list(itertools.combinations(range(6), 2))
        weights = [float(activations[unit, i] * activations[unit, j]) for i, j in pairs]
        cosines = [float(torch.cosine_similarity(features[unit, i], features[unit, j], dim=0)) for i, j in pairs]
        expected = float(np.average(cosines, weights=weights))
        assert float(monosemanticity(activations, features)[unit]) == pytest.approx(expected, abs=1e-5)


def test_monosemanticity_of_shared_samples_is_the_same() -> None:
    activations, features = torch.rand(9, 4, generator=torch.Generator().manual_seed(2)), random(9, 5)
    expected = monosemanticity(activations.T, features.expand(4, 9, 5))
    torch.testing.assert_close(monosemanticity_of_all(activations, features), expected)


def test_one_sample_makes_no_pair() -> None:
    activations = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1e-3, 0.0]])
    found = monosemanticity(activations, torch.ones(3, 3, 2))
    assert found.isnan().tolist() == [True, True, False]
    assert float(found[2]) == pytest.approx(1)


def test_activations_become_weights() -> None:
    values, lowest, highest = (
        torch.tensor([[-2.0, 0.0, 2.0], [5.0, 5.0, 5.0]]),
        torch.tensor([-2.0, 5.0]),
        torch.tensor([2.0, 5.0]),
    )
    assert unit_interval(values, lowest, highest).tolist() == [[0.0, 0.5, 1.0], [0.0, 0.0, 0.0]]


def test_a_unit_alone_has_no_neighbour() -> None:
    assert bool(redundancy(torch.ones(1, 3)).isnan().all())
