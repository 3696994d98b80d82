"""Painting by numbers: how an object is drawn and labelled in one go.

An object is drawn into a single plane of numbers. Each number stands for one colour on one part, so a look-up turns the
same plane into the picture and into the labels, and the two can never disagree. Shapes are given in the object's own
frame: the origin in its middle, one unit its radius, x to the right and y down.
"""

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray
from PIL import Image, ImageDraw

from rivalry.data.picturebook.palette import OUTLINE, RGB

Point = tuple[float, float]

PAINTED = 128
"""Added to a part's code where the object's own colour and texture lie."""


@dataclass(frozen=True)
class Placement:
    """Where an object stands: middle and radius in pixels, turn in radians, and whether it looks to the left."""

    x: float
    y: float
    radius: float
    turn: float
    mirrored: bool

    def matrix(self) -> Float[ndarray, "2 2"]:
        """Return the matrix from the object's frame to pixels, without the shift."""
        cosine, sine = math.cos(self.turn) * self.radius, math.sin(self.turn) * self.radius
        flip = -1.0 if self.mirrored else 1.0
        return np.array([[flip * cosine, -sine], [flip * sine, cosine]])

    def to_pixels(self, points: Sequence[Point]) -> list[Point]:
        """Take points of the object's frame to pixels."""
        placed = np.asarray(points) @ self.matrix().T + (self.x, self.y)
        return [(float(x), float(y)) for x, y in placed]

    def grid(self, side: int) -> tuple[Float[ndarray, "side side"], Float[ndarray, "side side"]]:
        """Return the place of every pixel in the object's frame: across and down."""
        inverse = np.linalg.inv(self.matrix())
        x, y = np.arange(side) + 0.5 - self.x, np.arange(side)[:, None] + 0.5 - self.y
        return inverse[0, 0] * x + inverse[0, 1] * y, inverse[1, 0] * x + inverse[1, 1] * y


class Brush:
    """Draws the parts of one object.

    Args:
        side: Width and height of the plane in pixels.
        placement: Where the object stands.
        parts: The names of all parts; a part's code is one plus its position.
        missing: The parts to leave out.
    """

    def __init__(self, side: int, placement: Placement, parts: Sequence[str], missing: Container[str] = ()) -> None:
        self.placement = placement
        self._plane = Image.new("L", (side, side), 0)
        self._pencil = ImageDraw.Draw(self._plane)
        self._outline = max(2, round(side / 72))
        self._codes = {part: code for code, part in enumerate(parts, start=1)}
        self._missing = missing
        self._numbers: dict[tuple[RGB | None, int], int] = {}

    def polygon(self, part: str, points: Sequence[Point], colour: RGB | None = None, outline: bool = True) -> None:
        """Fill a polygon; ``colour`` None is the object's own paint."""
        if part in self._missing:
            return
        placed = self.placement.to_pixels(points)
        self._pencil.polygon(placed, fill=self._number(part, colour))
        if outline:
            self._pencil.line([*placed, *placed[:2]], self._number(part, OUTLINE), self._outline, joint="curve")

    def blob(self, part: str, points: Sequence[Point], colour: RGB | None = None) -> None:
        """Fill a soft shape whose edge runs through the points."""
        self.polygon(part, _smooth(points), colour)

    def oval(
        self,
        part: str,
        middle: Point,
        radii: Point,
        colour: RGB | None = None,
        *,
        turn: float = 0.0,
        outline: bool = True,
    ) -> None:
        """Fill an ellipse, turned by ``turn`` radians."""
        angles = np.linspace(0.0, 2.0 * math.pi, 20, endpoint=False)
        x, y = radii[0] * np.cos(angles), radii[1] * np.sin(angles)
        across = middle[0] + x * math.cos(turn) - y * math.sin(turn)
        down = middle[1] + x * math.sin(turn) + y * math.cos(turn)
        self.polygon(part, list(zip(across.tolist(), down.tolist(), strict=True)), colour, outline)

    def box(self, part: str, corner: Point, opposite: Point, colour: RGB | None = None) -> None:
        """Fill a rectangle."""
        (left, top), (right, bottom) = corner, opposite
        self.polygon(part, [(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def line(self, part: str, points: Sequence[Point], width: float, colour: RGB | None = None) -> None:
        """Draw a line of the given width; a painted one gets an outline."""
        if part in self._missing:
            return
        placed = self.placement.to_pixels(points)
        thickness = max(2, round(width * self.placement.radius))
        if colour is None:
            self._pencil.line(placed, self._number(part, OUTLINE), thickness + 2 * self._outline, joint="curve")
        self._pencil.line(placed, self._number(part, colour), thickness, joint="curve")

    def finish(self, paint: RGB) -> tuple[UInt8[ndarray, "side side 3"], UInt8[ndarray, "side side"]]:
        """Return the colour of every pixel and its part's code (0 off the object; plus `PAINTED` under paint)."""
        colours = np.zeros((256, 3), dtype=np.uint8)
        codes = np.zeros(256, dtype=np.uint8)
        for (colour, code), number in self._numbers.items():
            colours[number] = paint if colour is None else colour
            codes[number] = code + PAINTED if colour is None else code
        plane = np.asarray(self._plane)
        return colours[plane], codes[plane]

    def _number(self, part: str, colour: RGB | None) -> int:
        """Return the number that stands for this colour on this part."""
        return self._numbers.setdefault((colour, self._codes[part]), len(self._numbers) + 1)


def _smooth(points: Sequence[Point], steps: int = 6) -> list[Point]:
    """Lay a closed Catmull-Rom curve through points."""
    p1 = np.asarray(points, dtype=float)
    p0, p2, p3 = np.roll(p1, 1, 0), np.roll(p1, -1, 0), np.roll(p1, -2, 0)
    t = np.linspace(0.0, 1.0, steps, endpoint=False)[:, None, None]
    a, b, c = p2 - p0, 2 * p0 - 5 * p1 + 4 * p2 - p3, 3 * p1 - p0 - 3 * p2 + p3
    curve = 0.5 * (2 * p1 + a * t + b * t**2 + c * t**3)
    return [(float(x), float(y)) for x, y in curve.transpose(1, 0, 2).reshape(-1, 2)]
