"""Matched cosine, redundancy and sparsity of bases."""

import math

import pytest
import torch

from rivalry.basis import drift
from rivalry.basis.drift import matched_cosine, redundancy, sparsity
from rivalry.basis.rotation.start import random_rotation


def test_a_basis_in_another_order_is_the_same_basis() -> None:
    basis = random_rotation(9, seed=0)
    order = torch.randperm(9, generator=torch.Generator().manual_seed(0))
    cosine, partner = matched_cosine(basis, basis[:, order])
    torch.testing.assert_close(cosine, torch.ones(9))
    assert torch.equal(order[partner], torch.arange(9))


def test_lengths_do_not_matter_and_signs_do() -> None:
    basis = random_rotation(5, seed=0)
    cosine, _ = matched_cosine(basis, 3 * basis)
    torch.testing.assert_close(cosine, torch.ones(5))
    assert float(matched_cosine(basis, -basis)[0].max()) < 0.5


def test_pairs_have_the_largest_sum_not_each_its_best() -> None:
    """Cosines 0.9, 0.8 / 0.8, 0.1: by best first 0.9 + 0.1, by sum 0.8 + 0.8."""
    ours = torch.eye(3)[:, :2]
    first = torch.tensor([0.9, 0.8, 0.0])
    second = torch.tensor([0.8, 0.1, math.sqrt(1 - 0.65)])
    cosine, partner = matched_cosine(ours, torch.stack([first / first.norm(), second], 1))
    assert partner.tolist() == [1, 0]
    assert cosine.tolist() == pytest.approx([0.8, 0.8 / math.hypot(0.9, 0.8)])


def test_directions_without_a_partner_have_none() -> None:
    basis = torch.eye(3)
    cosine, partner = matched_cosine(basis, basis[:, 1:])
    assert partner.tolist() == [-1, 0, 1]
    assert math.isnan(cosine[0])
    assert cosine[1:].tolist() == [1.0, 1.0]


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
    monkeypatch.setattr(drift, "_NUMBERS_AT_ONCE", 40)
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
