"""Each metric by itself: hand-worked cases, peers, plain forms, invariances."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from rivalry.concepts.extraction import PCA, KMeans, NaturalUnits
from rivalry.concepts.judgement.folds import folds_of_images
from rivalry.concepts.judgement.frechet import frechet
from rivalry.concepts.judgement.neighbours import neighbour_distance, out_of_distribution
from rivalry.concepts.judgement.reconstruction import relative_l2, zeros
from rivalry.concepts.judgement.stability import stability
from rivalry.concepts.judgement.wasserstein import wasserstein_1d


def frechet_of_matrices(rows: Tensor, given_back: Tensor) -> float:
    """The distance as it is defined, with covariances and the root of their product."""
    first, second = rows.double().numpy(), given_back.double().numpy()
    covariances = np.cov(first.T), np.cov(second.T)
    root = np.sqrt(np.linalg.eigvals(covariances[0] @ covariances[1]).real.clip(0)).sum()  # its trace
    apart = np.square(first.mean(0) - second.mean(0)).sum()
    return float(apart + np.trace(covariances[0] + covariances[1]) - 2 * root)


def sample(samples: int, channels: int, concepts: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    rows, codes, found = (
        torch.randn(shape, generator=generator)
        for shape in ((samples, channels), (samples, concepts), (concepts, channels))
    )
    return rows + 0.3 * codes @ found, codes.relu(), found


@pytest.mark.parametrize(("samples", "channels", "concepts"), [(60, 12, 4), (60, 12, 20), (40, 15, 1)])
def test_frechet_is_that_of_whole_matrices(samples: int, channels: int, concepts: int) -> None:
    rows, codes, found = sample(samples, channels, concepts)
    assert frechet(rows, codes, found) == pytest.approx(frechet_of_matrices(rows, codes @ found), rel=1e-5)


def test_frechet_of_fewer_rows_than_concepts_and_channels() -> None:
    rows, codes, found = sample(6, 12, 9)
    assert frechet(rows, codes, found) == pytest.approx(frechet(rows, codes @ found, torch.eye(12)), rel=1e-6)


def test_frechet_is_zero_of_the_same_and_sees_a_shift_and_no_order() -> None:
    rows, _, _ = sample(50, 6, 2)
    identity = torch.eye(6)
    assert frechet(rows, rows, identity) == pytest.approx(0, abs=1e-9)
    assert frechet(rows, rows.flip(0), identity) == pytest.approx(0, abs=1e-9)
    assert frechet(rows, rows + 2, identity) == pytest.approx(6 * 4, rel=1e-6)
    assert math.isnan(frechet(rows[:1], rows[:1], identity))


def test_wasserstein_is_scipys_mean_over_channels() -> None:
    rows, codes, found = sample(40, 5, 3)
    expected = np.mean([wasserstein_distance(*pair) for pair in zip(rows.T, (codes @ found).T, strict=True)])
    assert wasserstein_1d(rows, codes @ found) == pytest.approx(float(expected), rel=1e-5)
    assert wasserstein_1d(rows, rows.flip(0)) == 0


def test_relative_l2_is_a_mean_over_rows_that_are_not_zero() -> None:
    rows = torch.tensor([[3.0, 4.0], [0.0, 0.0], [0.0, 2.0]])
    assert relative_l2(rows, torch.tensor([[3.0, 0.0], [1.0, 1.0], [0.0, 2.0]])) == pytest.approx(0.4)
    assert math.isnan(relative_l2(torch.zeros(2, 2), torch.zeros(2, 2)))


def test_relative_l2_of_more_rows_than_are_looked_at_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, codes, found = sample(50, 5, 3)
    rows[7] = 0
    whole = relative_l2(rows, codes @ found)
    monkeypatch.setattr("rivalry.concepts.judgement.reconstruction._ROWS_AT_ONCE", 8)
    assert relative_l2(rows, codes @ found) == pytest.approx(whole, rel=1e-12)


def test_zeros_counts_those_that_are_exactly_zero() -> None:
    assert zeros(torch.tensor([[0.0, -1.0, 1e-9, 0.0]])) == 0.5


@pytest.mark.parametrize("neighbour", [1, 3, 7])
def test_neighbours_are_scikit_learns(neighbour: int) -> None:
    rows, codes, found = sample(50, 6, 3)
    distances, _ = NearestNeighbors(n_neighbors=neighbour).fit(rows.numpy()).kneighbors((codes @ found).numpy())
    assert neighbour_distance(codes @ found, rows, neighbour) == pytest.approx(distances[:, -1].mean(), rel=1e-4)


def test_neighbours_do_not_depend_on_chunks_nor_on_an_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, codes, found = sample(50, 6, 3)
    whole = neighbour_distance(codes @ found, rows, 3)
    monkeypatch.setattr("rivalry.concepts.judgement.neighbours._PAIRS_AT_ONCE", 70)
    assert neighbour_distance(codes @ found, rows, 3) == pytest.approx(whole, rel=1e-6)
    assert neighbour_distance(codes @ found + 1000, rows + 1000, 3) == pytest.approx(whole, rel=1e-3)


def test_the_farthest_counts_where_there_are_fewer_neighbours() -> None:
    assert neighbour_distance(torch.zeros(1, 1), torch.tensor([[1.0], [5.0]]), 10) == 5.0


def test_out_of_distribution_is_zero_of_rows_themselves_and_grows_with_distance() -> None:
    rows, _, _ = sample(60, 4, 2)
    seen, real = rows[:30], rows[30:]
    assert out_of_distribution(seen, seen, real) == 0.0
    assert out_of_distribution(seen, seen + 10, real) > 10
    assert out_of_distribution(seen, seen.mean(0).expand_as(seen), real) < 0  # nearer than real ones are


def test_stability_is_the_mean_over_pairs_of_folds() -> None:
    """One fold of three has another strongest unit, so that one pair of three agrees."""
    folds = [
        torch.tensor([[4.0, 1.0], [3.0, 2.0]]),
        torch.tensor([[5.0, 1.0], [3.0, 0.0]]),
        torch.tensor([[0.0, 9.0], [1.0, 1]]),
    ]
    assert stability(NaturalUnits(), folds, 1) == pytest.approx(1 / 3)
    assert stability(NaturalUnits(), folds[:2], 1) == 1.0


def test_folds_that_allow_no_fit_have_no_stability() -> None:
    rows = torch.rand(10, 4)
    assert math.isnan(stability(KMeans(), [rows, rows[:2]], 3))
    assert math.isnan(stability(PCA(), [rows, torch.ones(10, 4)], 3))
    with pytest.raises(ValueError, match="two folds or more, got 1"):
        stability(PCA(), [rows], 3)


def test_all_places_of_an_image_lie_in_one_fold_and_folds_are_even() -> None:
    fold = folds_of_images(7, 4, folds=3, seed=2).view(7, 4)
    assert torch.equal(fold, fold[:, :1].expand(-1, 4))
    assert sorted(fold[:, 0].bincount().tolist()) == [2, 2, 3]
    assert not torch.equal(fold, folds_of_images(7, 4, folds=3, seed=3).view(7, 4))


@pytest.mark.parametrize(("images", "folds"), [(5, 1), (2, 3)])
def test_folds_without_images_are_refused(images: int, folds: int) -> None:
    with pytest.raises(ValueError, match=f"got {images} and {folds} folds"):
        folds_of_images(images, 2, folds=folds)
