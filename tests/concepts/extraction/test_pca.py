"""PCA: orthonormal, uncentred, and nothing of its size loses less."""

import pytest
import torch

from rivalry.concepts.extraction import NMF, PCA, KMeans


@pytest.mark.parametrize("shape", [(200, 12), (12, 200)], ids=["tall", "wide"])
def test_equals_the_singular_vectors(shape: tuple[int, int]) -> None:
    rows = torch.randn(shape, generator=torch.Generator().manual_seed(0)) + 0.5
    found = PCA().fit(rows, 5)
    _, values, right = torch.linalg.svd(rows.double(), full_matrices=False)
    torch.testing.assert_close((found.concepts.double() @ right[:5].T).abs(), torch.eye(5).double(), atol=1e-5, rtol=0)
    lost = values[5:].square().sum() / values.square().sum()
    assert found.fitted.error == pytest.approx(float(lost.sqrt()), rel=1e-4)
    assert bool((found.encode(rows).mean(0) >= 0).all())


@pytest.mark.parametrize("shape", [(40, 10), (10, 40)], ids=["tall", "wide"])
def test_concepts_are_orthonormal_also_beyond_the_rank(shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(shape[0], 3, generator=generator) @ torch.randn(3, shape[1], generator=generator)
    found = PCA().fit(rows, 6)
    torch.testing.assert_close(found.concepts @ found.concepts.T, torch.eye(6), atol=1e-5, rtol=0)
    assert found.fitted.error < 1e-5


def test_there_is_no_offset() -> None:
    """One concept suffices for rows that differ by their length alone, none of which is the mean."""
    rows = torch.tensor([[1.0, 2.0], [2.0, 4.0], [5.0, 10.0]])
    found = PCA().fit(rows, 1)
    torch.testing.assert_close(found.decode(found.encode(rows)), rows)
    torch.testing.assert_close(found.concepts, torch.tensor([[1.0, 2.0]]) / 5**0.5)


def test_nothing_of_as_many_concepts_loses_less() -> None:
    rows = torch.rand(150, 10, generator=torch.Generator().manual_seed(1))
    least = PCA().fit(rows, 3).fitted.error
    assert all(least <= other.fit(rows, 3).fitted.error for other in (NMF(), KMeans()))
