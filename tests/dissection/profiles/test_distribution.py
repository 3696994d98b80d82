"""Histograms and quantiles, beside NumPy's."""

import numpy as np
import pytest
import torch

from rivalry.dissection.profiles import distribution
from rivalry.dissection.profiles.distribution import histograms, quantiles


def some(samples: int, units: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(samples, units, generator=generator)
    return values, torch.rand(samples, units, generator=generator) < 0.7


@pytest.mark.parametrize("at_once", [1, 100, 2**22])
def test_histograms_are_those_of_numpy(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribution, "_AT_ONCE", at_once)
    values, won = some(50, 5)
    found = histograms(values, won, bins=7)
    for unit in range(5):
        counts, edges = np.histogram(values[won[:, unit], unit].double().numpy(), bins=7)
        assert found.counts[unit].tolist() == counts.tolist()
        assert found.edges[unit].tolist() == pytest.approx(edges.tolist())


@pytest.mark.parametrize(("value", "ends"), [(4.0, (2.0, 6.0)), (-2.0, (-3.0, -1.0)), (0.0, (-0.5, 0.5))])
def test_a_constant_unit_has_a_bin_of_its_own(value: float, ends: tuple[float, float]) -> None:
    found = histograms(torch.full((3, 1), value), torch.ones(3, 1, dtype=torch.bool), bins=4)
    assert (float(found.edges[0, 0]), float(found.edges[0, -1])) == ends
    assert found.counts.tolist() == [[0, 0, 3, 0]]


def test_units_that_never_won_have_no_counts() -> None:
    found = histograms(torch.ones(3, 2), torch.tensor([[True, False]] * 3), bins=2)
    assert found.counts.sum(1).tolist() == [3, 0]
    assert found.edges[1].tolist() == [0, 0, 0]
    assert histograms(torch.ones(0, 2), torch.ones(0, 2, dtype=torch.bool), bins=2).counts.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("wins", range(9))
def test_quantiles_are_even_and_distinct(wins: int) -> None:
    """Of n pictures and k levels the middle of each of min(n, k) equal parts."""
    values = torch.arange(8.0)[:, None]
    won = values >= 8 - wins
    found = quantiles(values, won, 4)
    kept = found.places[0][found.places[0] >= 0].tolist()
    parts = min(wins, 4)
    assert len(kept) == len(set(kept)) == parts
    assert kept == sorted(kept, reverse=True)
    assert all(bool(won[place, 0]) for place in kept)
    levels = found.levels[0][: len(kept)].tolist()
    assert levels == pytest.approx([1 - (rank + 0.5) / parts for rank in range(parts)])
    assert kept == [8 - wins + int(level * wins) for level in levels]
    assert bool(found.levels[0, parts:].isnan().all())


def test_of_equal_activations_the_first_picture_lies_lower() -> None:
    found = quantiles(torch.ones(4, 1), torch.ones(4, 1, dtype=torch.bool), 4)
    assert found.places.tolist() == [[3, 2, 1, 0]]


def test_negative_activations_are_ranked_too() -> None:
    values = torch.tensor([[-5.0], [0.0], [-1.0], [-3.0]])
    found = quantiles(values, torch.tensor([[True], [False], [True], [True]]), 3)
    assert found.places.tolist() == [[2, 3, 0]]


@pytest.mark.parametrize("at_once", [1, 100])
def test_units_do_not_depend_on_those_beside_them(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    values, won = some(50, 6)
    whole = quantiles(values, won, 5)
    monkeypatch.setattr(distribution, "_AT_ONCE", at_once)
    assert torch.equal(quantiles(values, won, 5).places, whole.places)


def test_nothing_sampled_gives_nothing() -> None:
    assert quantiles(torch.ones(0, 2), torch.ones(0, 2, dtype=torch.bool), 3).places.tolist() == [[-1] * 3] * 2
    assert quantiles(torch.ones(2, 2), torch.ones(2, 2, dtype=torch.bool), 0).places.shape == (2, 0)
