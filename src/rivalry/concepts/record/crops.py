"""What a concept looks like: the parts of pictures round the places where its code is largest, one a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from rivalry.recording.box import Box

CROPS = 10
"""Crops of a concept at most."""

WIDTH = 3
"""Places that a crop spans each way, so that what lies round the place can be seen."""

SURROUNDINGS = 5
"""Places that what surrounds a crop spans, by which it is named."""

SMALLEST = 4
"""A crop's side is this part of the picture's at least: of fine maps three places would be a few pixels."""


@dataclass(frozen=True)
class Crop:
    """Where a concept is strong.

    Attributes:
        picture: Position among the pictures of the class.
        box: The part of the picture.
        around: A larger part round the same place.
        code: The concept's code at the place.
    """

    picture: int
    box: Box
    around: Box
    code: float


def crop_box(place: int, grid: tuple[int, int], size: tuple[int, int], width: int = WIDTH) -> Box:
    """The part of a picture round a place of its map: some places wide, a quarter of the picture at least.

    At the border it is moved inside, so that all crops of a map are of one size.

    Args:
        place: Row by row.
        grid: Rows and columns of places.
        size: Height and width of the picture.
        width: Places that it spans each way.

    >>> crop_box(0, (8, 8), (64, 64)), crop_box(0, (1, 1), (64, 48))
    (Box(top=0, left=0, height=24, width=24), Box(top=0, left=0, height=64, width=48))
    """
    row, column = divmod(place, grid[1])
    top, height = _span(row, grid[0], size[0], width)
    left, across = _span(column, grid[1], size[1], width)
    return Box(top, left, height, across)


def strongest_crops(
    codes: Float[Tensor, "images places concepts"], grid: tuple[int, int], size: tuple[int, int], count: int = CROPS
) -> list[list[Crop]]:
    """Of each concept, the crops of largest code, the strongest first.

    Args:
        codes: Of the pictures of a class, place by place.
        grid: Rows and columns of places.
        size: Height and width of the pictures.
        count: Crops of a concept at most.

    Returns:
        A list a concept. A picture gives one crop at most; where a concept's code is nowhere above zero it gives none.
    """
    best = codes.max(1)
    ordered = best.values.sort(dim=0, descending=True, stable=True)
    values, pictures = ordered.values[:count].T.tolist(), ordered.indices[:count].T.tolist()
    places: Int[Tensor, "images concepts"] = best.indices.cpu()

    def crop(picture: int, concept: int, value: float) -> Crop:
        place = int(places[picture, concept])
        return Crop(picture, crop_box(place, grid, size), crop_box(place, grid, size, SURROUNDINGS), value)

    return [
        [
            crop(picture, concept, value)
            for value, picture in zip(values[concept], pictures[concept], strict=True)
            if value > 0
        ]
        for concept in range(codes.shape[2])
    ]


def _span(place: int, places: int, length: int, wide: int) -> tuple[int, int]:
    """Beginning and length of a crop along one side."""
    width = min(length, max(math.ceil(wide * length / places), math.ceil(length / SMALLEST)))
    middle = (place + 0.5) * length / places
    return min(max(0, round(middle - width / 2)), length - width), width
