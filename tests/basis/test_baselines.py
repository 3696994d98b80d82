"""The bases that others are held against."""

import numpy as np
import torch
from sklearn.decomposition import PCA
from torch import Tensor

from rivalry.basis.baselines import natural, principal, random_directions, skewed_right


def standardised(seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    raw = torch.randn(400, 8, generator=generator).exp() @ torch.randn(8, 8, generator=generator)
    return (raw - raw.mean(0)) / raw.std(0, correction=0)


def test_principal_components_are_those_of_scikit_learn_but_for_signs() -> None:
    pixels = standardised()
    ours = principal(pixels, 5).numpy()
    theirs = PCA(5).fit(pixels.double().numpy()).components_.T
    np.testing.assert_allclose(np.abs((ours * theirs).sum(0)), 1.0, atol=1e-5)


def test_a_random_rotation_is_orthonormal_and_follows_its_seed() -> None:
    pixels = standardised()
    matrix = random_directions(pixels, 5, seed=0)
    torch.testing.assert_close(matrix.T @ matrix, torch.eye(5))
    torch.testing.assert_close(matrix, random_directions(pixels, 5, seed=0))
    assert not torch.allclose(matrix, random_directions(pixels, 5, seed=1))


def test_random_directions_are_uniform() -> None:
    pixels = torch.zeros(1, 3)  # no projection is skewed, so none is turned round
    drawn = torch.stack([random_directions(pixels, 3, seed=seed) for seed in range(2000)])
    assert drawn.mean(0).abs().max() < 4 * (1 / 3) ** 0.5 / 2000**0.5
    assert (drawn.square().mean(0) - 1 / 3).abs().max() < 4 * 0.3 / 2000**0.5  # deviation of a square is below 0.3


def test_projections_are_skewed_to_the_right() -> None:
    pixels = standardised()
    for matrix in (principal(pixels, 8), random_directions(pixels, 8, seed=0)):
        assert ((pixels @ matrix).pow(3).mean(0) >= 0).all()


def test_units_stay_as_they_are() -> None:
    assert natural(3).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    turned = skewed_right(-natural(8), standardised().abs())
    assert torch.equal(turned, natural(8))
