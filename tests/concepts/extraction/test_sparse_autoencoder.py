"""The sparse autoencoder: at most K codes, planted concepts found, dead ones begun anew."""

import pytest
import torch

from rivalry.concepts.extraction import KMeans, SparseAutoencoder
from rivalry.concepts.extraction.autoencoder_descent import Descent, top_codes
from rivalry.concepts.extraction.gram import relative_error
from rivalry.concepts.extraction.sparse_autoencoder import first_concepts
from tests.concepts.extraction.planted import planted


@pytest.mark.parametrize("active", [1, 3, 9])
def test_at_most_so_many_codes_are_not_zero(active: int) -> None:
    rows, _, _ = planted()
    found = SparseAutoencoder(active=active, epochs=5).fit(rows, 5)
    codes = found.encode(rows)
    assert int((codes > 0).sum(1).max()) <= min(active, 5)
    assert bool((codes >= 0).all())
    torch.testing.assert_close(found.concepts.norm(dim=1), torch.ones(5))


def test_ties_do_not_add_codes() -> None:
    assert top_codes(torch.ones(1, 4), 2).count_nonzero() == 2


def test_loses_less_than_clusters_and_little_of_what_is_sparse() -> None:
    rows, _, _ = planted(800)
    fitted = SparseAutoencoder(active=4, batch=64).fit(rows, 5).fitted
    assert fitted.error < 0.5 * KMeans().fit(rows, 5).fitted.error
    assert fitted.error < 0.25
    assert fitted.history[-1] < fitted.history[0]
    assert fitted.dead == 0


def test_ends_where_the_loss_stays() -> None:
    rows, _, _ = planted(100)
    settled = SparseAutoencoder(epochs=500).fit(rows, 5).fitted
    assert settled.converged
    assert settled.iterations is not None
    assert settled.iterations < 500
    assert not SparseAutoencoder(epochs=2).fit(rows, 5).fitted.converged


def test_a_concept_that_no_row_has_begins_anew() -> None:
    rows, _, concepts = planted(200)
    start = torch.nn.functional.normalize(concepts, dim=1)
    descent = Descent(rows, start, 2, rate=1e-3, batch=50, seed=0)
    with torch.no_grad():
        descent.bias[1] = -100.0
    descent.epoch()
    assert descent.bias[1] == 0
    assert torch.equal(descent.weights[1], descent.concepts[1])
    assert int((top_codes(rows @ descent.weights.T + descent.bias, 2) > 0).any(0).sum()) == 5


def test_the_dead_are_counted() -> None:
    """Two kinds of rows make no work for six concepts of which one is on at a time."""
    rows = torch.eye(2).repeat(30, 1)
    assert SparseAutoencoder(active=1, epochs=20).fit(rows, 6).fitted.dead >= 3


def test_the_start_is_the_mean_and_what_lies_beside_it() -> None:
    rows, _, _ = planted()
    start = first_concepts(rows, 4, seed=0)
    torch.testing.assert_close(start[0], torch.nn.functional.normalize(rows.mean(0), dim=0))
    torch.testing.assert_close(start[1:] @ start[0], torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(first_concepts(rows, 1, seed=0), start[:1])


def test_is_fitted_to_some_rows_and_judged_by_all() -> None:
    rows, _, _ = planted(600)
    few = SparseAutoencoder(samples=50, epochs=10).fit(rows, 5)
    assert few.fitted.error == pytest.approx(relative_error(rows, few.encode(rows), few.concepts), rel=1e-4)
    assert not torch.equal(few.concepts, SparseAutoencoder(epochs=10).fit(rows, 5).concepts)
