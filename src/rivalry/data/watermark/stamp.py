"""A shape turned and put in place on a picture: where it goes, and how much of each pixel it covers there.

Lengths are in pixels of the picture, angles in degrees, counted clockwise.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

Place = Literal["upper_left", "upper_right", "lower_left", "lower_right", "middle"]

MARGIN = 0.04
"""Least gap between a mark in a corner and the picture's borders, as a share of the picture's shorter side."""

FINER = 4
"""A shape is put in place at this many times the picture's resolution, and averaged down."""


@dataclass(frozen=True)
class Spot:
    """Where a shape goes.

    Attributes:
        width: Of the shape, before it is turned.
        height: Of the shape, before it is turned.
        turn: About its middle.
        x: Of its middle, from the picture's left border.
        y: Of its middle, from the picture's upper border.
    """

    width: float
    height: float
    turn: float
    x: float
    y: float


def turned_box(width: float, height: float, turn: float) -> tuple[float, float]:
    """Width and height of the upright box around a turned one.

    >>> turned_box(4.0, 2.0, 90.0)
    (2.0, 4.0)
    """
    sine, cosine = abs(math.sin(math.radians(turn))), abs(math.cos(math.radians(turn)))
    return round(width * cosine + height * sine, 9), round(width * sine + height * cosine, 9)


def largest_box(width: float, height: float, rotation: float) -> tuple[float, float]:
    """Greatest width, and greatest height, of the box around a shape turned by up to ``rotation`` to either side.

    >>> largest_box(3.0, 4.0, 90.0)
    (5.0, 5.0)
    """
    # |w cos| + |h sin| is greatest, the diagonal, where the turn's tangent is h / w; else at an end.
    along = math.degrees(math.atan2(height, width))
    turns = [0.0, rotation, *(turn for turn in (along, 90 - along) if turn <= rotation)]
    boxes = [turned_box(width, height, turn) for turn in turns]
    return max(wide for wide, _ in boxes), max(high for _, high in boxes)


def choose_spot(
    place: Place,
    shape: tuple[float, float],
    picture: tuple[int, int],
    *,
    rotation: float,
    jitter: float,
    chance: tuple[float, float, float],
) -> Spot:
    """Where a shape goes by chance, wholly on the picture.

    Args:
        place: A corner or the middle.
        shape: Width and height of the shape.
        picture: Width and height of the picture.
        rotation: Greatest turn.
        jitter: How far the place varies, as a share of the picture's shorter side.
        chance: Decide turn and place; even in [0, 1).
    """
    turn = (2 * chance[0] - 1) * rotation
    centres = []
    ends = ("middle", "middle") if place == "middle" else (place.split("_")[1], place.split("_")[0])
    for end, long, side, luck in zip(ends, picture, turned_box(*shape, turn), chance[1:], strict=True):
        room = long - side
        gap = min((MARGIN + jitter * luck) * min(picture), room)
        first = {"left": gap, "upper": gap, "right": room - gap, "lower": room - gap}
        shifted = min(max(room / 2 + (luck - 0.5) * jitter * min(picture), 0.0), room)
        centres.append(first.get(end, shifted) + side / 2)
    return Spot(*shape, turn, *centres)


def stamp(
    shape: Image.Image, spot: Spot, picture: tuple[int, int]
) -> tuple[UInt8[ndarray, "rows columns bands"], int, int]:
    """Turn a shape and put it in place.

    Args:
        shape: `FINER` times as large as the spot says; mode ``L`` or ``RGBA``.
        spot: Where it goes.
        picture: Width and height of the picture.

    Returns:
        The shape's bands on the pixels around it, and the first row and column of these.
    """
    wide, high = turned_box(spot.width, spot.height, spot.turn)
    left, top = max(0, math.floor(spot.x - wide / 2)), max(0, math.floor(spot.y - high / 2))
    right, bottom = min(picture[0], math.ceil(spot.x + wide / 2)), min(picture[1], math.ceil(spot.y + high / 2))
    cosine, sine = math.cos(math.radians(spot.turn)), math.sin(math.radians(spot.turn))
    x, y = FINER * (spot.x - left), FINER * (spot.y - top)
    # Pillow wants, for each point of what comes out, the point of the shape that it shows.
    inverse = (
        cosine,
        sine,
        shape.width / 2 - cosine * x - sine * y,
        -sine,
        cosine,
        shape.height / 2 + sine * x - cosine * y,
    )
    size = (FINER * (right - left), FINER * (bottom - top))
    placed = shape.transform(size, Image.Transform.AFFINE, inverse, Image.Resampling.BILINEAR).reduce(FINER)
    return np.asarray(placed).reshape(bottom - top, right - left, -1), top, left
