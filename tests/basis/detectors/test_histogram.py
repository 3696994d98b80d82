"""The compiled kernel and PyTorch count the same pixels, to the last one."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from rivalry.basis.detectors import histogram
from rivalry.basis.detectors.bilinear import upsample
from rivalry.basis.detectors.histogram import (
    bins_of,
    count_by_gathers,
    count_natively,
    count_pixels,
    count_positions,
    count_positions_by_search,
    count_positions_natively,
)
from rivalry.numerics import native as compiling
from rivalry.numerics.native import NotCompiled

CONCEPTS, CATEGORIES = 12, 4


def pictures(places: tuple[int, int], size: tuple[int, int], regions: tuple[int, int], units: int = 4) -> list[Tensor]:
    """Maps, masks of so many regions, halves and edges, of which some repeat and some are values of the maps."""
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(3, units, *places, generator=generator)
    maps[:, ::2] = maps[:, ::2].relu()
    masks = torch.zeros(3, CATEGORIES, *size, dtype=torch.int16)
    for category in range(CATEGORIES - 1):
        labels = torch.randint(0, 4, (3, 1, *regions), generator=generator).float()
        masks[:, category] = torch.nn.functional.interpolate(labels, size)[:, 0]
        masks[:, category] += (masks[:, category] > 0) * 3 * category
    masks[1, 0] = 0
    values = maps.movedim(1, 0).flatten(1)
    chosen = values[:, torch.randint(0, values.shape[1], (37,), generator=generator)]
    edges = torch.cat([values.amin(1, keepdim=True), chosen, chosen[:, :5] + 0.01], 1).sort(1).values
    return [maps, masks, torch.tensor([0, 1, 0]), edges]


def empty(units: int, bins: int) -> list[Tensor]:
    shapes = (2, units, CONCEPTS, bins), (2, units, CATEGORIES, bins), (2, units, bins)
    return [torch.zeros(shape, dtype=torch.int64) for shape in shapes]


@pytest.fixture
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


SHAPES = [
    ((4, 4), (16, 16), (3, 3)),
    ((7, 5), (33, 20), (33, 20)),  # hardly two pixels are of a kind
    ((9, 9), (5, 7), (2, 2)),  # maps larger than masks
    ((1, 1), (20, 30), (4, 4)),  # one cell, of more pixels than are interpolated at once
    ((20, 20), (40, 40), (40, 40)),
    ((6, 6), (6, 6), (2, 3)),
]


@pytest.mark.parametrize(("places", "size", "regions"), SHAPES)
def test_both_ways_count_the_same(places: tuple[int, int], size: tuple[int, int], regions: tuple[int, int]) -> None:
    given = pictures(places, size, regions)
    ours, plain = (empty(4, given[3].shape[1] + 1) for _ in range(2))
    count_natively(*given, *ours)
    count_by_gathers(*given, *plain)
    for one, other in zip(ours, plain, strict=True):
        assert torch.equal(one, other)
    assert ours[2].sum(-1).tolist() == [[2 * size[0] * size[1]] * 4, [size[0] * size[1]] * 4]


def test_values_that_differ_in_their_last_bit_from_an_edge_count_alike() -> None:
    """Or the one way fuses a multiplication and an addition, which the other rounds one by one."""
    maps, masks, half, _ = pictures((7, 6), (31, 40), (3, 3))
    grown = upsample(maps, (31, 40)).movedim(1, 0).flatten(1)
    near = grown[:, torch.randint(0, grown.shape[1], (20,), generator=torch.Generator().manual_seed(1))]
    lower, higher = (torch.nextafter(near, torch.tensor(end)) for end in (-torch.inf, torch.inf))
    edges = torch.cat([near, lower, higher], 1).sort(1).values
    ours, plain = (empty(4, 61) for _ in range(2))
    count_natively(maps, masks, half, edges, *ours)
    count_by_gathers(maps, masks, half, edges, *plain)
    assert all(torch.equal(one, other) for one, other in zip(ours, plain, strict=True))
    shifted = (edges.double() * (1 + 2**-23)).float().sort(1).values
    moved = empty(4, 61)
    count_natively(maps, masks, half, shifted, *moved)
    assert not torch.equal(moved[2], ours[2])  # a bit is seen


@pytest.mark.usefixtures("_two_threads")
def test_threads_share_units_and_count_the_same() -> None:
    given = pictures((4, 4), (16, 16), (5, 5), units=40)
    ours, plain = (empty(40, given[3].shape[1] + 1) for _ in range(2))
    count_natively(*given, *ours)
    count_by_gathers(*given, *plain)
    assert all(torch.equal(one, other) for one, other in zip(ours, plain, strict=True))


def test_counts_are_added_to_what_is_there() -> None:
    given = pictures((4, 4), (16, 16), (3, 3))
    once, twice = (empty(4, given[3].shape[1] + 1) for _ in range(2))
    count_natively(*given, *once)
    for _ in range(2):
        count_natively(*given, *twice)
    assert all(torch.equal(2 * one, other) for one, other in zip(once, twice, strict=True))


@pytest.mark.parametrize("edges", [1, 15, 16, 17, 43])
def test_any_number_of_edges_will_do(edges: int) -> None:
    maps, masks, half, known = pictures((4, 4), (16, 16), (3, 3))
    given = [maps, masks, half, known[:, :edges].contiguous()]
    ours, plain = (empty(4, edges + 1) for _ in range(2))
    count_natively(*given, *ours)
    count_by_gathers(*given, *plain)
    assert all(torch.equal(one, other) for one, other in zip(ours, plain, strict=True))


def test_units_in_groups_equal_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    given = pictures((4, 4), (16, 16), (3, 3))
    whole, parts = (empty(4, given[3].shape[1] + 1) for _ in range(2))
    count_by_gathers(*given, *whole)
    monkeypatch.setattr(histogram, "_ELEMENTS_AT_ONCE", 600)  # two units
    count_by_gathers(*given, *parts)
    assert all(torch.equal(one, other) for one, other in zip(whole, parts, strict=True))


def test_places_are_counted_alike() -> None:
    maps, _, half, edges = pictures((5, 7), (9, 9), (3, 3))
    ours, plain = torch.zeros(2, 2, 4, edges.shape[1] + 1, dtype=torch.int64)
    count_positions_natively(maps, half, edges, ours)
    count_positions_by_search(maps, half, edges, plain)
    assert torch.equal(ours, plain)
    assert ours.sum(-1).tolist() == [[70] * 4, [35] * 4]


def test_a_value_on_an_edge_does_not_exceed_it() -> None:
    assert bins_of(torch.tensor([[1.0, 2.0, 2.5]]), torch.tensor([[1.0, 2.0, 2.0]])).tolist() == [[0, 1, 3]]


def test_without_a_compiler_it_is_pytorch_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise NotCompiled("there is no C++ compiler (c++)")

    given = pictures((4, 4), (16, 16), (3, 3))
    native, slow = (empty(4, given[3].shape[1] + 1) for _ in range(2))
    count_pixels(*given, *native)
    monkeypatch.setattr(compiling, "native_library", refuse)
    compiling.compiles.cache_clear()
    try:
        with pytest.warns(UserWarning, match=r"counted by PyTorch instead of C\+\+.*no C\+\+ compiler"):
            count_pixels(*given, *slow)
        count_positions(given[0], given[2], given[3], slow[2])  # a second warning would be an error
    finally:
        compiling.compiles.cache_clear()
    assert torch.equal(slow[0], native[0])
