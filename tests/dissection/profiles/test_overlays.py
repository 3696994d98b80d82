"""Maps of samples, on one scale a unit."""

import numpy as np
import pytest
import torch

from rivalry.dissection.profiles import overlays
from rivalry.dissection.profiles.overlays import Overlays, SampleMaps
from rivalry.dissection.profiles.samples import LayerSamples

CPU = torch.device("cpu")


def samples(unit: list[int], index: list[int]) -> LayerSamples:
    count = len(unit)
    return LayerSamples(
        np.array(unit),
        np.ones(count, dtype=np.bool_),
        np.arange(count),
        np.full(count, np.nan),
        np.array(index),
        np.zeros(count),
    )


def shown(maps: torch.Tensor, unit: list[int], index: list[int], batch: int = 2) -> Overlays:
    """The overlays from maps of the pictures 0, 10, 20 …, shown some at a time; every unit wins everywhere."""
    taken = SampleMaps(samples(unit, index), 10 * torch.arange(len(maps)), (maps.shape[2], maps.shape[3]))
    for place in torch.split(torch.arange(len(maps)), batch):
        taken.add(place, maps[place], torch.zeros_like(maps[place]), competitors=1)
    return taken.gather(CPU)


MAPS = torch.tensor([[[[4.0, 0.0]], [[-1.0, 0.0]]], [[[1.0, -2.0]], [[0.0, -4.0]]], [[[0.0, 0.0]], [[-3.0, 0.0]]]])


def test_every_sample_has_the_map_of_its_unit_in_its_picture() -> None:
    levels = shown(MAPS, [0, 0, 0, 1, 1, 1], [0, 10, 20, 20, 0, 10]).levels.tolist()
    assert levels == [[255, 0], [64, 0], [0, 0], [191, 0], [64, 0], [0, 255]]


def test_a_unit_that_is_above_zero_once_shows_nothing_below() -> None:
    maps = torch.tensor([[[[-8.0, 0.0]]], [[[1.0, -4.0]]]])
    assert shown(maps, [0, 0], [0, 10]).levels.tolist() == [[0, 0], [255, 0]]


def test_only_winners_of_a_block_are_mapped() -> None:
    """Units 2 and 3 are the second block; the first of them wins at the left, the second at the right."""
    taken = SampleMaps(samples([0, 2, 3], [5, 5, 5]), torch.tensor([5]), (1, 2))
    maps = torch.arange(1.0, 9.0).reshape(1, 4, 1, 2)
    taken.add(torch.tensor([0]), maps, torch.tensor([[[[0.0, 0.0]], [[0.0, 1.0]]]]), competitors=2)
    assert taken.gather(CPU).levels.tolist() == [[128, 255], [255, 0], [0, 255]]


def test_without_competition_who_is_above_zero_wins() -> None:
    taken = SampleMaps(samples([0, 1], [5, 5]), torch.tensor([5]), (1, 2))
    taken.add(torch.tensor([0]), torch.tensor([[[[-8.0, 2.0]], [[-1.0, -2.0]]]]))
    assert taken.gather(CPU).levels.tolist() == [[0, 255], [0, 0]]


def test_the_order_of_pictures_and_samples_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = torch.randn(6, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    unit, index = [0, 0, 1, 1, 1, 2], [50, 0, 10, 20, 10, 30]
    first = shown(maps, unit, index)
    monkeypatch.setattr(overlays, "_AT_ONCE", 1)
    second = shown(maps, unit, index, batch=1)
    assert np.array_equal(first.levels, second.levels)
    assert np.array_equal(first.parts, second.parts)
    assert first.levels[2].tolist() == first.levels[4].tolist()


def test_parts_are_found_in_maps_of_small_levels_too() -> None:
    maps = torch.tensor([[[[1000.0, 0.0, 0.0, 0.0]]], [[[0.0, 0.0, 0.001, 0.0001]]]])
    found = shown(maps, [0, 0], [0, 10])
    assert found.levels[1].tolist() == [0, 0, 0, 0]
    assert found.parts.tolist() == [[0.0, 0.0, 0.25, 1.0], [0.5, 0.0, 0.75, 1.0]]


def test_silent_maps_and_tiny_ones_are_no_trouble() -> None:
    maps = torch.tensor([[[[0.0, 0.0]]], [[[1e-42, 0.0]]]])
    assert shown(maps, [0], [0]).levels.tolist() == [[0, 0]]
    assert shown(maps, [0], [10]).levels[0, 1] == 0
    assert shown(maps, [], []).levels.shape == (0, 2)
