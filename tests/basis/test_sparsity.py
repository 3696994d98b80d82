"""Redundancy and sparsity of bases."""

import math

import pytest
import torch

from rivalry.basis.rotation.start import random_rotation
from rivalry.basis.sparsity import redundancy, sparsity


def test_redundancy_is_the_nearest_other() -> None:
    weights = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
    assert redundancy(weights).tolist() == pytest.approx([math.sqrt(0.5)] * 3)
    assert float(redundancy(random_rotation(6, seed=0)).max()) < 1e-6
    assert bool(redundancy(weights[:, :1]).isnan().all())


def test_sparsity_by_hand() -> None:
    """One pixel with one direction of four on, one with two; the last direction never is."""
    scores = torch.full((2, 4), -80.0)
    scores[0, 0] = scores[1, 1] = scores[1, 2] = 80.0
    found = sparsity(scores)
    assert found.active == pytest.approx(3 / 8)
    assert found.entropy == pytest.approx(0.5)
    assert found.dead == pytest.approx(1 / 4)
    assert found.hoyer == pytest.approx((1 + (2 - math.sqrt(2))) / 2)


def test_sparsity_is_its_definition_in_parts_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = torch.randn(50, 6, generator=torch.Generator().manual_seed(0), dtype=torch.double) * 3 - 4
    activations = torch.sigmoid(scores)
    shares = activations / activations.sum(1, keepdim=True)
    hoyer = (math.sqrt(6) - activations.norm(p=1, dim=1) / activations.norm(dim=1)) / (math.sqrt(6) - 1)
    whole = sparsity(scores)
    monkeypatch.setattr("rivalry.basis.sparsity._NUMBERS_AT_ONCE", 40)
    parts = sparsity(scores)
    for found in (whole, parts):
        assert found.active == pytest.approx(float((activations > 0.5).double().mean()))
        assert found.entropy == pytest.approx(float(-(shares * shares.log2()).sum(1).mean()))
        assert found.dead == pytest.approx(float((activations <= 0.5).all(0).double().mean()))
        assert found.hoyer == pytest.approx(float(hoyer.mean()))


def test_no_pixel_and_one_direction_are_nan() -> None:
    nothing = sparsity(torch.zeros(0, 3))
    assert all(math.isnan(one) for one in (nothing.active, nothing.entropy, nothing.dead, nothing.hoyer))
    alone = sparsity(torch.ones(2, 1))
    assert math.isnan(alone.hoyer)
    assert (alone.active, alone.dead) == (1.0, 0.0)
