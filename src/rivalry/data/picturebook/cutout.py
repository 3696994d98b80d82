"""The object, cut out of paper and pasted before the scene, with a narrow pale rim and a soft shadow."""

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray
from numpy.random import Generator
from PIL import Image

from rivalry.data.picturebook.brush import PAINTED, Brush, Placement
from rivalry.data.picturebook.concepts import OBJECTS, PARTS, SOMETIMES
from rivalry.data.picturebook.palette import RGB, RIM, Paint
from rivalry.data.picturebook.textures import Texture

SHADOW = 71
"""How dark the shadow is, of 255."""


def paste(page: Image.Image, thing: str, paint: Paint, texture: Texture, rng: Generator) -> UInt8[ndarray, "side side"]:
    """Draw an object, colour it, lay its texture over it, and paste it on the page.

    Args:
        page: The scene, RGB and square; is changed.
        thing: Name of the object.
        paint: Its colour.
        texture: Its texture.
        rng: Decides place, size, turn, mirroring, shade and the parts that it does not always have.

    Returns:
        The codes of the parts at every pixel, as `Brush.finish` gives them.
    """
    side = page.width
    place = _place(side, rng)
    luck = rng.random(len(SOMETIMES)).tolist()
    missing = {part for part, chance in zip(SOMETIMES, luck, strict=True) if chance >= SOMETIMES[part]}
    brush = Brush(side, place, PARTS, missing)
    OBJECTS[thing](brush)
    shade, tint = rng.uniform(0.93, 1.06), rng.uniform(-7, 7, 3)
    figure, codes = brush.finish(_shaded(paint.ground, shade, tint))
    across, down = place.grid(side)
    shift = rng.uniform(0.0, 1.0, 2)
    figure[(codes >= PAINTED) & texture(across + shift[0], down + shift[1])] = _shaded(paint.ink, shade, tint)
    inside = codes > 0
    light = np.clip(1.05 - 0.1 * down[inside], 0.9, 1.1)
    figure[inside] = np.minimum(figure[inside] * light[:, None], 255)
    rim = _grown(_grown(inside, max(1, side // 64)).T, max(1, side // 64)).T
    page.paste((0, 0, 0), (max(1, side // 84), max(2, side // 42)), Image.fromarray(rim * np.uint8(SHADOW)))
    page.paste(RIM, None, Image.fromarray(rim * np.uint8(255)))
    page.paste(Image.fromarray(figure), None, Image.fromarray(inside * np.uint8(255)))
    return codes


def _place(side: int, rng: Generator) -> Placement:
    """Choose where the object stands; it lies all but wholly within the page."""
    radius = rng.uniform(0.33, 0.42)
    x, y = rng.uniform(radius + 0.03, 0.97 - radius, 2)
    return Placement(x * side, y * side, radius * side, rng.uniform(-0.16, 0.16), bool(rng.random() < 0.5))


def _shaded(tone: RGB, shade: float, tint: Float[ndarray, "3"]) -> RGB:
    """Return a tone made lighter or darker and pushed a little off its hue."""
    red, green, blue = np.clip(np.array(tone) * shade + tint, 0, 255).astype(int).tolist()
    return red, green, blue


def _grown(inside: Bool[ndarray, "rows columns"], by: int) -> Bool[ndarray, "rows columns"]:
    """Return a region that reaches ``by`` rows further up and down."""
    grown = inside.copy()
    for step in range(1, by + 1):
        grown[step:] |= inside[:-step]
        grown[:-step] |= inside[step:]
    return grown
