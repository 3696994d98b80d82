"""K-Means: one-hot codes, scikit-learn's sum of squares."""

import pytest
import torch
from sklearn.cluster import KMeans as Reference

from rivalry.concepts.extraction import KMeans
from tests.concepts.extraction.planted import planted


def test_codes_are_one_hot_and_concepts_are_means() -> None:
    rows, _, _ = planted()
    found = KMeans().fit(rows, 4)
    codes = found.encode(rows)
    assert bool(((codes == 0) | (codes == 1)).all())
    assert torch.equal(codes.sum(1), torch.ones(len(rows)))
    torch.testing.assert_close(found.concepts, codes.T @ rows / codes.sum(0)[:, None], atol=1e-3, rtol=0)


def test_no_more_is_lost_than_by_scikit_learn() -> None:
    rows, _, _ = planted(concepts=4)
    theirs = Reference(6, n_init=10, random_state=0).fit(rows.numpy()).inertia_
    ours = KMeans(restarts=10).fit(rows, 6).fitted
    assert (ours.error * float(rows.norm())) ** 2 == pytest.approx(theirs, rel=0.02)
    assert ours.converged


def test_too_few_steps_are_told() -> None:
    rows = torch.rand(400, 6, generator=torch.Generator().manual_seed(0))
    assert not KMeans(restarts=1, iterations=1).fit(rows, 10).fitted.converged


@pytest.mark.parametrize("width", [1e-2, 1e-4, 1e-5])
def test_narrow_clusters_that_are_found_have_converged(width: float) -> None:
    """Distances by products lose such widths; whether it has converged must not hang on them."""
    generator = torch.Generator().manual_seed(0)
    middles = torch.rand(4, 20, generator=generator)
    rows = middles.repeat(100, 1) + width * torch.randn(400, 20, generator=generator)
    assert KMeans().fit(rows, 4).fitted.converged
