"""Where a fit begins."""

import pytest
import torch

from rivalry.basis.rotation.start import bias_of_coverage, moments, orthonormal, random_rotation


def test_moments_are_those_of_the_population() -> None:
    pixels = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)) * 4 + 10
    mean, scale = moments(pixels)
    torch.testing.assert_close(mean, pixels.mean(0))
    torch.testing.assert_close(scale, pixels.std(0, correction=0))


def test_a_constant_channel_becomes_exactly_nothing() -> None:
    pixels = torch.full((1000, 1), 0.1)
    mean, scale = moments(pixels)
    assert scale.item() == 1.0
    assert bool((pixels - mean == 0).all())


@pytest.mark.parametrize("coverage", [0.3, 0.9])
def test_bias_gives_the_coverage_that_is_asked_for(coverage: float) -> None:
    projections = torch.randn(2000, 6, generator=torch.Generator().manual_seed(0))
    bias = bias_of_coverage(projections, 0.3, coverage=coverage, exponent=1.1)
    reached = torch.sigmoid(projections / 0.3 - bias).pow(1.1).mean()
    assert float(reached) == pytest.approx(coverage / 6, rel=1e-3)


def test_a_rotation_is_orthogonal_and_of_its_seed() -> None:
    rotation = random_rotation(32, seed=3)
    torch.testing.assert_close(rotation.T @ rotation, torch.eye(32))
    assert torch.equal(rotation, random_rotation(32, seed=3))
    assert not torch.equal(rotation, random_rotation(32, seed=4))


def test_columns_that_are_orthonormal_stay() -> None:
    some = random_rotation(12, seed=0)[:, :5]
    whole = orthonormal(some)
    torch.testing.assert_close(whole[:, :5].float(), some)
    torch.testing.assert_close(whole.T @ whole, torch.eye(12, dtype=torch.double))
