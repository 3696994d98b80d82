"""NMF finds planted factors, and loses no more than scikit-learn."""

import warnings

import pytest
import torch
from sklearn.decomposition import NMF as Reference
from sklearn.exceptions import ConvergenceWarning

from rivalry.concepts.extraction import NMF
from rivalry.concepts.extraction.nmf_start import first_concepts
from rivalry.numerics.matching import matched_cosine
from tests.concepts.extraction.planted import planted


@pytest.mark.parametrize("signed", [False, True])
def test_finds_planted_concepts(signed: bool) -> None:
    rows, codes, concepts = planted(signed=signed)
    found = NMF(tolerance=1e-6, iterations=1000).fit(rows, 5)
    assert float(matched_cosine(found.concepts, concepts)[0].min()) > 0.999
    assert found.fitted.error < 0.01
    assert bool((found.encode(rows) >= 0).all())
    assert float((found.encode(rows) < 1e-3).float().mean()) == pytest.approx(
        float((codes == 0).float().mean()), abs=0.02
    )


def test_factors_are_non_negative_and_concepts_of_length_one() -> None:
    rows = torch.rand(80, 12, generator=torch.Generator().manual_seed(0))
    found = NMF().fit(rows, 4)
    assert bool((found.concepts >= 0).all())
    torch.testing.assert_close(found.concepts.norm(dim=1), torch.ones(4))


def test_no_more_is_lost_than_by_scikit_learn() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.rand(200, 8, generator=generator) @ torch.rand(8, 40, generator=generator)
    rows = rows + 0.3 * torch.rand(rows.shape, generator=generator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        reference = Reference(6, init="nndsvda", max_iter=200).fit(rows.numpy())
    ours = NMF().fit(rows, 6).fitted
    assert ours.error < 1.02 * reference.reconstruction_err_ / float(rows.norm())
    assert ours.converged


def test_the_error_of_every_turn_is_told_and_falls() -> None:
    rows, _, _ = planted()
    fitted = NMF(iterations=7, tolerance=1e-9).fit(rows, 4).fitted
    assert (fitted.iterations, len(fitted.history), fitted.converged) == (7, 7, False)
    assert all(later <= earlier + 1e-6 for earlier, later in zip(fitted.history, fitted.history[1:], strict=False))
    assert fitted.error <= fitted.history[-1] + 1e-6  # the last codes are those of the last concepts


def test_has_converged_where_nothing_is_lost() -> None:
    fitted = NMF().fit(torch.tensor([[1.0], [2.0], [4.0]]), 1).fitted
    assert fitted.history == (0.0, 0.0)
    assert fitted.converged


def test_converges_in_its_last_turn_too() -> None:
    rows, _, _ = planted()
    turns = NMF().fit(rows, 4).fitted.iterations
    assert turns is not None
    assert NMF(iterations=turns).fit(rows, 4).fitted.converged
    assert not NMF(iterations=turns - 1).fit(rows, 4).fitted.converged


def test_positive_and_negative_parts_are_told_apart() -> None:
    """Two concepts that use one unit with opposite signs stay two."""
    lengths = torch.rand(40, 1, generator=torch.Generator().manual_seed(0)) + 0.5
    rows = torch.tensor([[1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]]).repeat(20, 1) * lengths
    found = NMF().fit(rows, 2)
    expected = torch.tensor([[1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]])
    assert matched_cosine(found.concepts, expected)[0].tolist() == pytest.approx([1, 1], abs=1e-4)
    assert found.fitted.error < 1e-3


def test_activations_that_are_not_positive_anywhere() -> None:
    rows, _, concepts = planted()
    found = NMF(tolerance=1e-6, iterations=1000).fit(-rows, 5)
    assert float(matched_cosine(found.concepts, -concepts)[0].min()) > 0.999


def test_the_start_is_non_negative_and_has_as_many_concepts_as_are_asked_for() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.rand(30, 2, generator=generator) @ torch.rand(2, 9, generator=generator)  # of rank 2
    start = first_concepts(rows, 5, seed=0)
    assert start.shape == (5, 9)
    assert bool((start >= 0).all())
    assert bool(start.any(1).all())
