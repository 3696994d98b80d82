"""Drawing one picture: a pure function of seed and index.

A picture has four factors, each drawn evenly and by itself: scene, object, colour, texture. The object stands before
the scene at a random place, in a random size, a little turned, perhaps mirrored, in a slightly random shade. Everything
is drawn at double size and reduced.

Three streams of chance, all seeded by (seed, index), decide factors, scene and object; so the same object can stand
before another scene.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int16, UInt8
from numpy import ndarray
from numpy.random import Generator

from rivalry.data.picturebook.brush import PAINTED
from rivalry.data.picturebook.captions import captions
from rivalry.data.picturebook.concepts import FIRST, NAMES, OBJECTS, PARTS
from rivalry.data.picturebook.cutout import paste
from rivalry.data.picturebook.palette import PAINTS
from rivalry.data.picturebook.scenes import SCENES
from rivalry.data.picturebook.textures import TEXTURES

DRAWING = 2
"""Version of the drawing: raised whenever the same seed and index give another picture."""

SMALLEST = 32
"""The least width and height of a picture, in pixels."""


@dataclass(frozen=True)
class Factors:
    """What a picture shows, each as a position among its names in `NAMES`."""

    scene: int
    thing: int
    colour: int
    texture: int

    @property
    def names(self) -> tuple[str, str, str, str]:
        """Names of scene, object, colour and texture."""
        scenes, things, colours, textures = NAMES["scene"], NAMES["object"], NAMES["colour"], NAMES["texture"]
        return scenes[self.scene], things[self.thing], colours[self.colour], textures[self.texture]


@dataclass(frozen=True)
class Picture:
    """A drawn picture and all that is known of it.

    Attributes:
        image: ``uint8`` (height, width, 3).
        segments: ``uint8`` (height, width): 0 on the scene, else one plus the part's position in `PARTS`, plus
            `PAINTED` where the object's own colour lies.
        factors: Scene, object, colour and texture.
    """

    image: UInt8[ndarray, "height width 3"]
    segments: UInt8[ndarray, "height width"]
    factors: Factors

    @property
    def label(self) -> int:
        """Position of the object among the classes."""
        return self.factors.thing

    @property
    def masks(self) -> Int16[ndarray, "categories height width"]:
        """Labels of all pixels, as in `rivalry.data.dataset.Sample`."""
        return label_pixels(self.segments, self.factors)

    @property
    def captions(self) -> tuple[str, ...]:
        """All captions, the full one first."""
        return captions(*self.factors.names, parts_in(self.segments))


def draw(seed: int, index: int, size: int = 64, *, correlation: float = 0.0) -> Picture:
    """Draw a picture; the same arguments give the same bits.

    >>> picture = draw(seed=0, index=3)
    >>> picture.image.shape, picture.captions[0]
    ((64, 64, 3), 'a zigzag white cat in a city')

    Args:
        seed: Which book, from 0.
        index: Which page of it, from 0.
        size: Width and height in pixels, at least `SMALLEST`.
        correlation: How often in [0, 1] the object decides the scene, instead of chance.

    Raises:
        ValueError: Where an argument lies outside these bounds.
    """
    check(seed, size, correlation)
    factors = choose_factors(seed, index, correlation)
    scene, thing, colour, texture = factors.names
    page = SCENES[scene](2 * size, _chance(seed, index, 1))
    segments = paste(page, thing, PAINTS[colour], TEXTURES[texture], _chance(seed, index, 2))
    return Picture(np.asarray(page.reduce(2)), segments[::2, ::2].copy(), factors)


def choose_factors(seed: int, index: int, correlation: float = 0.0) -> Factors:
    """Draw the factors of a picture; with probability ``correlation`` the object decides the scene."""
    rng = _chance(seed, index, 0)
    scene, thing, colour, texture = (int(rng.integers(len(names))) for names in (SCENES, OBJECTS, PAINTS, TEXTURES))
    tied = rng.random() < correlation
    return Factors(thing % len(SCENES) if tied else scene, thing, colour, texture)


def label_pixels(
    segments: UInt8[ndarray, "height width"], factors: Factors
) -> Int16[ndarray, "categories height width"]:
    """Return, for each category, one plus the position in `CONCEPTS` of the concept at every pixel, or 0."""
    masks = np.zeros((len(NAMES), *segments.shape), dtype=np.int16)
    painted, inside = segments >= PAINTED, segments > 0
    masks[0] = ~inside * (FIRST["scene"] + factors.scene)
    masks[1] = inside * (FIRST["object"] + factors.thing)
    masks[2] = inside * (FIRST["part"] - 1 + (segments % PAINTED).astype(np.int16))
    masks[3] = painted * (FIRST["colour"] + factors.colour)
    masks[4] = painted * (FIRST["texture"] + factors.texture)
    return masks


def parts_in(segments: UInt8[ndarray, "height width"]) -> tuple[str, ...]:
    """Return the names of the parts that can be seen."""
    codes = np.flatnonzero(np.bincount((segments % PAINTED).ravel(), minlength=len(PARTS) + 1)[1:])
    return tuple(PARTS[code] for code in codes)


def check(seed: int, size: int, correlation: float) -> None:
    """Raise a ValueError where a setting of the drawing is none."""
    if seed < 0:
        raise ValueError(f"the seed of a PictureBook is a whole number from 0; given {seed}")
    if size < SMALLEST:
        raise ValueError(f"a picture is at least {SMALLEST} pixels wide; given size {size}")
    if not 0.0 <= correlation <= 1.0:
        raise ValueError(f"the correlation of object and scene lies in [0, 1]; given {correlation}")


def _chance(seed: int, index: int, stream: int) -> Generator:
    """Return one of a picture's streams of chance."""
    return np.random.default_rng((seed, index, stream))
