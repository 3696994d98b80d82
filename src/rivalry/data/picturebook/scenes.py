"""The scenes of PictureBook: what lies behind the object.

Each scene is a sky that fades from one colour to another, and a few simple shapes placed at random before it. Places
are shares of the picture's side, from the upper left corner.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from rivalry.data.picturebook.palette import RGB, mix

Point = tuple[float, float]


class Backdrop:
    """A picture to draw a scene on, ``side`` pixels wide and high; begins with a sky from ``top`` to ``bottom``."""

    def __init__(self, side: int, top: RGB, bottom: RGB) -> None:
        fade = np.linspace(0.0, 1.0, side)[:, None] * (np.array(bottom) - np.array(top)) + np.array(top)
        self.side = side
        self.image = Image.fromarray(np.repeat(fade.astype(np.uint8)[:, None], side, axis=1))
        self._pencil = ImageDraw.Draw(self.image)

    def shape(self, points: Sequence[Point], colour: RGB) -> None:
        """Fill a polygon."""
        self._pencil.polygon([(x * self.side, y * self.side) for x, y in points], fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: RGB, *, flat: float = 1.0) -> None:
        """Fill a disc, flattened by ``flat``."""
        box = (x - radius, y - radius * flat, x + radius, y + radius * flat)
        self._pencil.ellipse([value * self.side for value in box], fill=colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: RGB) -> None:
        """Fill a rectangle."""
        self._pencil.rectangle([value * self.side for value in (left, top, right, bottom)], fill=colour)

    def ground(self, height: float, swell: float, phase: float, colour: RGB, to: RGB | None = None) -> None:
        """Fill everything below a rolling line at ``height``; the colour fades ``to`` another in four steps."""
        across = np.linspace(0.0, 1.0, 17)
        wave = swell * np.sin(5.0 * across + phase)
        for step in range(4 if to else 1):
            edge = height + wave + (1.0 - height) * step / 4
            tone = mix(colour, to, step / 3) if to else colour
            self.shape([*zip(across.tolist(), edge.tolist(), strict=True), (1.0, 1.0), (0.0, 1.0)], tone)

    def cloud(self, x: float, y: float, radius: float, colour: RGB) -> None:
        """Draw a cloud of three puffs."""
        for shift, size in ((-1.1, 0.7), (0.0, 1.0), (1.1, 0.75)):
            self.disc(x + shift * radius, y - 0.3 * radius * size, radius * size, colour, flat=0.7)


def meadow(side: int, rng: Generator) -> Image.Image:
    """Draw green hills with small flowers under a blue sky."""
    page = Backdrop(side, (118, 190, 240), (216, 240, 252))
    page.disc(rng.uniform(0.08, 0.92), rng.uniform(0.08, 0.18), 0.08, (255, 236, 150))
    for x in rng.uniform(0.0, 1.0, 2):
        page.cloud(x, rng.uniform(0.08, 0.3), 0.075, (255, 255, 255))
    page.ground(rng.uniform(0.5, 0.56), 0.05, rng.uniform(0, 6), (146, 202, 108))
    page.ground(rng.uniform(0.64, 0.7), 0.04, rng.uniform(0, 6), (116, 184, 84), (88, 158, 66))
    for x, y in rng.uniform((0.0, 0.72), (1.0, 1.0), (14, 2)):
        page.disc(x, y, 0.013, ((255, 255, 255), (255, 226, 120), (250, 170, 190))[int(rng.integers(3))])
    return page.image


def beach(side: int, rng: Generator) -> Image.Image:
    """Draw sand before the sea."""
    page = Backdrop(side, (150, 218, 240), (232, 246, 246))
    page.disc(rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.2), 0.09, (255, 232, 140))
    horizon = rng.uniform(0.4, 0.46)
    page.box(0.0, horizon, 1.0, 1.0, (38, 152, 186))
    for x, y in rng.uniform((0.0, horizon + 0.03), (0.9, horizon + 0.18), (7, 2)):
        page.box(x, y, x + 0.1, y + 0.012, (140, 214, 226))
    phase = rng.uniform(0, 6)
    page.ground(0.655, 0.025, phase, (246, 250, 250))
    page.ground(0.68, 0.025, phase, (244, 218, 164), (232, 198, 138))
    for x, y in rng.uniform((0.0, 0.78), (1.0, 0.98), (5, 2)):
        page.disc(x, y, 0.016, ((255, 244, 226), (226, 150, 120))[int(rng.integers(2))], flat=0.7)
    return page.image


def night(side: int, rng: Generator) -> Image.Image:
    """Draw moon and stars over dark hills."""
    page = Backdrop(side, (14, 18, 52), (58, 56, 116))
    for x, y in rng.uniform((0.0, 0.0), (1.0, 0.66), (26, 2)):
        page.disc(x, y, rng.uniform(0.006, 0.012), (255, 250, 214))
    x, y = rng.uniform(0.12, 0.88), rng.uniform(0.12, 0.22)
    page.disc(x, y, 0.1, (252, 242, 200))
    page.disc(x + 0.045, y - 0.02, 0.085, mix((14, 18, 52), (58, 56, 116), y))
    page.ground(rng.uniform(0.72, 0.78), 0.05, rng.uniform(0, 6), (34, 38, 78))
    page.ground(rng.uniform(0.84, 0.88), 0.04, rng.uniform(0, 6), (22, 26, 56))
    return page.image


def city(side: int, rng: Generator) -> Image.Image:
    """Draw high buildings along a street."""
    page = Backdrop(side, (238, 196, 186), (250, 228, 208))
    tones: tuple[RGB, ...] = ((124, 128, 152), (150, 146, 166), (104, 112, 138))
    left = rng.uniform(-0.12, 0.0)
    while left < 1.0:
        width, top = rng.uniform(0.14, 0.22), rng.uniform(0.08, 0.4)
        page.box(left, top, left + width, 0.86, tones[int(rng.integers(3))])
        for y in np.arange(top + 0.045, 0.8, 0.09):
            for x in np.arange(left + 0.035, left + width - 0.04, 0.065):
                if rng.random() < 0.6:
                    page.box(x, y, x + 0.024, y + 0.036, (240, 220, 168))
        left += width + 0.012
    page.box(0.0, 0.84, 1.0, 1.0, (86, 86, 98))
    page.box(0.0, 0.83, 1.0, 0.855, (196, 192, 192))
    for x in np.arange(rng.uniform(-0.1, 0.1), 1.0, 0.24):
        page.box(x, 0.925, x + 0.12, 0.945, (236, 232, 220))
    return page.image


def snow(side: int, rng: Generator) -> Image.Image:
    """Draw white mountains in falling snow."""
    page = Backdrop(side, (166, 190, 216), (220, 230, 242))
    for x in (rng.uniform(0.0, 0.35), rng.uniform(0.6, 1.0)):
        peak = rng.uniform(0.16, 0.3)
        page.shape([(x - 0.45, 0.75), (x, peak), (x + 0.45, 0.75)], (128, 150, 184))
        page.shape([(x - 0.11, peak + 0.14), (x, peak), (x + 0.11, peak + 0.14), (x, peak + 0.1)], (250, 252, 255))
    page.ground(rng.uniform(0.56, 0.62), 0.04, rng.uniform(0, 6), (226, 236, 246))
    page.ground(rng.uniform(0.72, 0.78), 0.04, rng.uniform(0, 6), (246, 250, 255))
    for x, y in rng.uniform(0.0, 1.0, (30, 2)):
        page.disc(x, y, 0.012, (255, 255, 255))
    return page.image


def desert(side: int, rng: Generator) -> Image.Image:
    """Draw dunes with cactuses under a glowing sky."""
    page = Backdrop(side, (250, 168, 96), (254, 226, 166))
    page.disc(rng.uniform(0.1, 0.9), rng.uniform(0.2, 0.34), 0.1, (255, 244, 206))
    page.ground(rng.uniform(0.52, 0.58), 0.06, rng.uniform(0, 6), (220, 142, 84))
    page.ground(rng.uniform(0.7, 0.76), 0.05, rng.uniform(0, 6), (204, 116, 64), (180, 96, 54))
    for x in (rng.uniform(0.03, 0.2), rng.uniform(0.8, 0.97)):
        foot, height = rng.uniform(0.66, 0.9), rng.uniform(0.2, 0.28)
        page.box(x - 0.02, foot - height, x + 0.02, foot, (70, 112, 74))
        for reach, top in ((-0.08, 0.7), (0.06, 0.85)):
            page.box(min(x, x + reach), foot - 0.5 * height, max(x, x + reach), foot - 0.38 * height, (70, 112, 74))
            page.box(x + reach - 0.014, foot - top * height, x + reach + 0.014, foot - 0.38 * height, (70, 112, 74))
    return page.image


SCENES: dict[str, Callable[[int, Generator], Image.Image]] = {
    "meadow": meadow,
    "beach": beach,
    "night": night,
    "city": city,
    "snow": snow,
    "desert": desert,
}
"""The six scenes, by name: side in pixels and a source of chance to a picture."""
