"""Where concepts are strong: which part of which picture is shown."""

from __future__ import annotations

import pytest
import torch

from rivalry.concepts.record.crops import crop_box, strongest_crops
from rivalry.recording.box import Box


def test_a_crop_is_three_places_wide_and_lies_inside() -> None:
    assert crop_box(9, (8, 8), (64, 64)) == Box(0, 0, 24, 24)  # row 1, column 1: round pixel 12
    assert crop_box(27, (8, 8), (64, 64)) == Box(16, 16, 24, 24)
    assert crop_box(63, (8, 8), (64, 64)) == Box(40, 40, 24, 24)


def test_a_crop_is_a_quarter_of_the_picture_at_least() -> None:
    assert crop_box(0, (32, 16), (64, 64)) == Box(0, 0, 16, 16)


@pytest.mark.parametrize("grid", [(1, 1), (2, 2)])
def test_of_few_places_the_crop_is_the_picture(grid: tuple[int, int]) -> None:
    assert crop_box(0, grid, (40, 30)) == Box(0, 0, 40, 30)


@pytest.mark.parametrize(("grid", "size"), [((7, 7), (224, 224)), ((5, 9), (33, 50)), ((14, 14), (225, 223))])
def test_all_crops_of_a_map_are_of_one_size_and_hold_their_place(grid: tuple[int, int], size: tuple[int, int]) -> None:
    boxes = [crop_box(place, grid, size) for place in range(grid[0] * grid[1])]
    assert len({(box.height, box.width) for box in boxes}) == 1
    for place, box in enumerate(boxes):
        row, column = divmod(place, grid[1])
        assert 0 <= box.top <= (row + 0.5) * size[0] / grid[0] <= box.top + box.height <= size[0]
        assert 0 <= box.left <= (column + 0.5) * size[1] / grid[1] <= box.left + box.width <= size[1]


def test_the_strongest_come_first_and_a_picture_comes_once() -> None:
    codes = torch.zeros(3, 4, 2)
    codes[0, :, 0] = torch.tensor([0.5, 3.0, 2.0, 0.0])
    codes[2, 3, 0] = 5.0
    first, second = strongest_crops(codes, (2, 2), (8, 8))
    assert [(crop.picture, crop.code) for crop in first] == [(2, 5.0), (0, 3.0)]  # picture 1 has none of it
    assert second == []
    assert [crop.picture for crop in strongest_crops(codes, (2, 2), (8, 8), count=1)[0]] == [2]


def test_of_equal_codes_the_earlier_picture_comes_first() -> None:
    (crops,) = strongest_crops(torch.ones(40, 1, 1), (1, 1), (8, 8), count=40)
    assert [crop.picture for crop in crops] == list(range(40))


def test_crops_are_cut_from_their_pictures() -> None:
    images = torch.arange(2 * 3 * 4 * 4, dtype=torch.uint8).reshape(2, 3, 4, 4)
    assert torch.equal(Box(1, 2, 2, 2).of(images[1]), images[1, :, 1:3, 2:4])


def test_what_surrounds_a_crop_holds_it() -> None:
    (crops,) = strongest_crops(torch.rand(20, 64, 1, generator=torch.Generator().manual_seed(0)), (8, 8), (64, 64))
    for crop in crops:
        assert (crop.box.height, crop.around.height) == (24, 40)
        assert crop.around.top <= crop.box.top <= crop.box.top + 24 <= crop.around.top + 40
        assert crop.around.left <= crop.box.left <= crop.box.left + 24 <= crop.around.left + 40
