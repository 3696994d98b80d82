"""The textures of PictureBook: where ink lies over the ground, as functions of the place on the object.

A texture moves and turns with its object. Places are in units of the object's radius, so one period covers about nine
pixels of a 64-pixel picture.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

Places = Float[ndarray, "*places"]
Ink = Bool[ndarray, "*places"]
Texture = Callable[[Places, Places], Ink]

PERIOD = 0.36
"""Length of one repeat, in radii of the object."""


def plain(across: Places, down: Places) -> Ink:
    """No ink at all."""
    return np.zeros(across.shape, dtype=bool)


def striped(across: Places, down: Places) -> Ink:
    """Upright stripes, as wide as the gaps between them."""
    return _phase(across) < 0.5


def dotted(across: Places, down: Places) -> Ink:
    """Round dots, every second row moved by half a period."""
    row = np.floor(down / PERIOD)
    x = _phase(across + 0.5 * PERIOD * (row % 2)) - 0.5
    y = _phase(down) - 0.5
    ink: Ink = x * x + y * y < 0.33**2
    return ink


def checked(across: Places, down: Places) -> Ink:
    """A chessboard."""
    ink: Ink = (_phase(across) < 0.5) ^ (_phase(down) < 0.5)
    return ink


def zigzag(across: Places, down: Places) -> Ink:
    """Level bands that run up and down in points."""
    points = np.abs(_phase(across / 1.3) - 0.5)
    ink: Ink = _phase(down + 1.1 * PERIOD * points) < 0.5
    return ink


TEXTURES: dict[str, Texture] = {
    "plain": plain,
    "striped": striped,
    "dotted": dotted,
    "checked": checked,
    "zigzag": zigzag,
}
"""The five textures, by name: places across and down the object to whether ink lies there."""


def _phase(length: Places) -> Places:
    """Return how far into its period a length is, in [0, 1)."""
    periods = length / PERIOD
    return periods - np.floor(periods)
