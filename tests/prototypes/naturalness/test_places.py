"""Of wide layers, the same numbers of every picture."""

from __future__ import annotations

import pytest
import torch

from rivalry.numerics.similarity import rank_correlation
from rivalry.prototypes.naturalness.places import Places


def test_a_narrow_layer_is_taken_whole() -> None:
    maps = torch.arange(24.0).reshape(2, 3, 2, 2)
    assert torch.equal(Places(12, seed=0).rows({"a": maps}, ["a"])["a"], maps.flatten(1))


def test_of_a_wide_one_the_same_numbers_of_every_picture_are_taken() -> None:
    maps = torch.arange(200.0).reshape(2, 4, 5, 5)
    places = Places(30, seed=1)
    rows = places.rows({"a": maps, "b": maps + 1000}, ["b", "a"])
    assert list(rows) == ["b", "a"]
    assert rows["a"].shape == (2, 30)
    assert len(rows["a"][0].unique()) == 30
    assert torch.equal(rows["a"][1], rows["a"][0] + 100)
    assert torch.equal(rows["b"], rows["a"] + 1000)
    assert torch.equal(rows["a"], Places(30, seed=1).rows({"a": maps}, ["a"])["a"])
    assert not torch.equal(rows["a"], Places(30, seed=2).rows({"a": maps}, ["a"])["a"])


def test_a_correlation_at_some_places_is_about_that_over_all() -> None:
    generator = torch.Generator().manual_seed(0)
    both, single = (torch.randn(rows, 40_000, generator=generator) for rows in (1, 12))
    pictures = 0.7 * both + single
    whole = rank_correlation(pictures, pictures)
    some = Places(4096, seed=0).rows({"a": pictures.reshape(12, 40, 1000)}, ["a"])["a"]
    apart = (rank_correlation(some, some) - whole).abs()
    assert 0 < float(apart.max()) < 4 / 4096**0.5
    assert float(apart.square().mean().sqrt()) < 1 / 4096**0.5


def test_what_cannot_be_looked_at_is_refused() -> None:
    with pytest.raises(ValueError, match="places=1"):
        Places(1, seed=0)
    with pytest.raises(ValueError, match="lacks b, c"):
        Places(4, seed=0).rows({"a": torch.zeros(1, 4)}, ["a", "b", "c"])
