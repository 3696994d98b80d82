"""The part of a picture that is shown of a unit."""

import numpy as np
import pytest

from rivalry.dissection.profiles.boxes import LEAST, extents, squares


def part(picture: list[list[float]]) -> list[float]:
    maps = np.array(picture, dtype=np.float32)
    return extents(maps.reshape(1, -1), maps.shape)[0].tolist()


def test_positions_that_reach_half_and_hang_together() -> None:
    assert part([[0, 0, 0, 0], [0, 4, 2, 0], [0, 0, 1.9, 0], [0, 0, 0, 0]]) == [0.25, 0.25, 0.75, 0.5]
    assert part([[0, 0, 0, 0], [0, 4, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]]) == [0.25, 0.25, 0.75, 0.75]  # by a corner


def test_far_positions_do_not_count() -> None:
    assert part([[9, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 8]]) == [0, 0, 0.25, 0.25]


def test_a_winding_part_is_followed_to_its_end() -> None:
    snake = [[9, 9, 9, 9, 9], [0, 0, 0, 0, 9], [9, 9, 9, 9, 9], [9, 0, 0, 0, 0], [9, 9, 9, 9, 9], [0, 0, 0, 0, 0]]
    assert part(snake) == [0, 0, 1, 5 / 6]


def test_a_silent_map_is_all_of_the_picture() -> None:
    assert part([[0, 0], [0, 0]]) == [0, 0, 1, 1]


def test_each_sample_has_its_own_part() -> None:
    maps = np.eye(4, dtype=np.float32)
    assert extents(maps, (2, 2)).tolist() == [[0, 0, 0.5, 0.5], [0.5, 0, 1, 0.5], [0, 0.5, 0.5, 1], [0.5, 0.5, 1, 1]]


def square(parts: list[float], width: int = 100, height: int = 100) -> list[float]:
    return squares(np.array([parts]), np.array([width]), np.array([height]))[0].tolist()


def test_a_part_is_widened_about_its_middle_and_stays_within_the_picture() -> None:
    assert square([0.4, 0.4, 0.6, 0.8]) == pytest.approx([0.3, 0.4, 0.7, 0.8])
    assert square([0.9, 0.0, 1.0, 0.5]) == pytest.approx([0.5, 0.0, 1.0, 0.5])


def test_no_square_is_smaller_than_a_quarter_of_the_side() -> None:
    assert square([0.5, 0.5, 0.51, 0.51]) == pytest.approx([0.38, 0.38, 0.63, 0.63])
    left, top, right, bottom = square([0.0, 0.0, 0.01, 0.01], 200, 100)
    assert ((right - left) * 200, (bottom - top) * 100) == pytest.approx((LEAST * 100, LEAST * 100))


def test_squares_are_square_in_pixels() -> None:
    left, top, right, bottom = square([0.2, 0.2, 0.4, 0.3], 200, 100)
    assert ((right - left) * 200, (bottom - top) * 100) == pytest.approx((40, 40))


def test_a_part_longer_than_the_shorter_side_has_all_of_that_side() -> None:
    assert square([0.1, 0.4, 0.9, 0.6], 200, 100) == pytest.approx([0.1, 0.0, 0.9, 1.0])
    assert square([0.0, 0.0, 1.0, 1.0], 64, 96) == [0, 0, 1, 1]
