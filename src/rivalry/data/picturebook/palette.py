"""The colours of PictureBook.

Every object is painted in one of eight colours. A paint has two tones: the ground, and the ink in which its texture is
laid over it. The ink keeps the hue, so that a striped red car is still red. Fixtures (tyres, glass, wood) have colours
of their own, which are never labelled.
"""

from dataclasses import dataclass

RGB = tuple[int, int, int]


@dataclass(frozen=True)
class Paint:
    """A colour to paint objects with: the tone of the ground, and that of the texture laid over it."""

    ground: RGB
    ink: RGB


PAINTS: dict[str, Paint] = {
    "red": Paint((214, 40, 46), (112, 8, 22)),
    "orange": Paint((250, 134, 24), (166, 66, 0)),
    "yellow": Paint((255, 217, 48), (186, 132, 0)),
    "green": Paint((62, 166, 74), (14, 80, 40)),
    "blue": Paint((48, 108, 214), (14, 40, 112)),
    "purple": Paint((138, 72, 184), (66, 22, 104)),
    "pink": Paint((255, 150, 190), (206, 62, 122)),
    "white": Paint((250, 248, 242), (146, 150, 164)),
}
"""The eight colours, by name."""

OUTLINE: RGB = (52, 40, 56)
RIM: RGB = (255, 250, 236)

# Fixtures, never painted.
RUBBER: RGB = (58, 56, 66)
METAL: RGB = (190, 196, 206)
GLASS: RGB = (186, 226, 244)
WOOD: RGB = (140, 92, 58)
TILE: RGB = (150, 78, 62)
BRICK: RGB = (172, 104, 88)
CREAM: RGB = (246, 228, 196)
LEAF: RGB = (104, 150, 74)
POLLEN: RGB = (240, 190, 80)
BEAK: RGB = (244, 176, 70)
FLAME: RGB = (255, 176, 58)
SKIN: RGB = (222, 190, 150)
STEAM: RGB = (164, 184, 210)
PEARL: RGB = (246, 246, 250)
DARK: RGB = (50, 44, 58)


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """Mix two colours; ``share`` in [0, 1] is that of the second.

    >>> mix((0, 0, 0), (200, 100, 50), 0.5)
    (100, 50, 25)
    """
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue
