"""The made things of PictureBook: how each is drawn, part after part, from the back to the front.

Every function draws one object with a `Brush`. A part without a colour takes the object's own paint. The brush leaves
out the parts that this object happens not to have.
"""

from rivalry.data.picturebook.brush import Brush
from rivalry.data.picturebook.palette import BEAK, BRICK, CREAM, FLAME, GLASS, METAL, RUBBER, STEAM, TILE, WOOD


def car(brush: Brush) -> None:
    """Draw a car that drives to the right."""
    body = [(-0.97, 0.3), (-0.9, -0.1), (-0.55, -0.2), (-0.34, -0.62), (0.3, -0.62), (0.56, -0.2), (0.92, -0.08)]
    brush.polygon("body", [*body, (0.98, 0.3), (0.9, 0.46), (-0.9, 0.46)])
    brush.polygon("window", [(-0.42, -0.18), (-0.25, -0.5), (-0.04, -0.5), (-0.04, -0.18)], GLASS)
    brush.polygon("window", [(0.07, -0.18), (0.07, -0.5), (0.24, -0.5), (0.41, -0.18)], GLASS)
    _wheel(brush, -0.52)
    _wheel(brush, 0.52)


def bus(brush: Brush) -> None:
    """Draw a bus with three windows and a door."""
    brush.blob("body", [(-0.97, 0.48), (-0.98, -0.6), (-0.8, -0.74), (0.8, -0.74), (0.98, -0.6), (0.97, 0.48)])
    for left in (-0.84, -0.38, 0.08):
        brush.box("window", (left, -0.54), (left + 0.36, -0.18), GLASS)
    brush.box("door", (0.56, -0.54), (0.86, 0.46), METAL)
    _wheel(brush, -0.5)
    _wheel(brush, 0.3)


def house(brush: Brush) -> None:
    """Draw a house with a chimney."""
    brush.box("chimney", (0.34, -0.88), (0.56, -0.3), BRICK)
    brush.box("wall", (-0.74, -0.16), (0.74, 0.9))
    brush.polygon("roof", [(-0.94, -0.1), (0.0, -0.96), (0.94, -0.1)], TILE)
    brush.box("door", (0.16, 0.34), (0.5, 0.9), WOOD)
    brush.box("window", (-0.5, 0.12), (-0.12, 0.5), GLASS)


def boat(brush: Brush) -> None:
    """Draw a sailing boat with a flag."""
    brush.polygon("flag", [(0.0, -0.98), (0.0, -0.74), (-0.4, -0.86)], FLAME)
    brush.line("mast", [(0.02, -0.98), (0.02, 0.4)], 0.09, WOOD)
    brush.polygon("sail", [(0.1, -0.84), (0.1, 0.26), (0.84, 0.26)])
    brush.polygon("sail", [(-0.08, -0.6), (-0.08, 0.26), (-0.66, 0.26)])
    brush.polygon("hull", [(-0.96, 0.38), (0.96, 0.38), (0.64, 0.86), (-0.66, 0.86)])


def rocket(brush: Brush) -> None:
    """Draw a rocket on its way up."""
    brush.blob("flame", [(-0.2, 0.6), (0.2, 0.6), (0.14, 0.84), (0.0, 1.06), (-0.14, 0.84)], FLAME)
    brush.polygon("fin", [(-0.3, 0.1), (-0.66, 0.5), (-0.62, 0.84), (-0.28, 0.6)], METAL)
    brush.polygon("fin", [(0.3, 0.1), (0.66, 0.5), (0.62, 0.84), (0.28, 0.6)], METAL)
    side = [(0.26, -0.68), (0.4, -0.1), (0.3, 0.64)]
    brush.blob("body", [(0.0, -1.0), *side, *((-x, y) for x, y in reversed(side))])
    brush.polygon("nose", [(0.0, -1.02), (0.15, -0.86), (0.27, -0.62), (-0.27, -0.62), (-0.15, -0.86)], METAL)
    brush.oval("window", (0.0, -0.26), (0.19, 0.19), GLASS)


def balloon(brush: Brush) -> None:
    """Draw a hot-air balloon."""
    for side in (-1, 1):
        brush.line("rope", [(side * 0.36, 0.26), (side * 0.17, 0.68)], 0.06, WOOD)
    envelope = [(0.0, -1.0), (0.52, -0.84), (0.74, -0.36), (0.52, 0.1), (0.2, 0.38)]
    brush.blob("envelope", [*envelope, *((-x, y) for x, y in reversed(envelope[1:]))])
    brush.polygon("basket", [(-0.24, 0.64), (0.24, 0.64), (0.19, 0.98), (-0.19, 0.98)], WOOD)


def umbrella(brush: Brush) -> None:
    """Draw an open umbrella."""
    hook = [(0.0, -0.3), (0.0, 0.74), (0.05, 0.88), (0.16, 0.92), (0.27, 0.86), (0.3, 0.72)]
    brush.line("handle", hook, 0.12, WOOD)
    brush.line("tip", [(0.0, -0.98), (0.0, -0.7)], 0.12, METAL)
    dome = [(-0.98, 0.1), (-0.9, -0.3), (-0.56, -0.68), (0.0, -0.84), (0.56, -0.68), (0.9, -0.3), (0.98, 0.1)]
    scallops = [(0.66, -0.04), (0.33, 0.1), (0.0, -0.04), (-0.33, 0.1), (-0.66, -0.04)]
    brush.polygon("canopy", [*dome, *scallops])


def cup(brush: Brush) -> None:
    """Draw a steaming cup on a saucer."""
    for x in (-0.34, 0.0, 0.34):
        wisp = [(x - 0.15, -0.55), (x - 0.05, -0.68), (x - 0.15, -0.82), (x - 0.05, -0.96)]
        brush.line("steam", wisp, 0.09, STEAM)
    ring = [(0.5, -0.22), (0.78, -0.24), (0.9, 0.0), (0.76, 0.26), (0.4, 0.36)]
    brush.line("handle", ring, 0.13)
    brush.oval("saucer", (-0.1, 0.76), (0.84, 0.17), CREAM)
    brush.blob("bowl", [(-0.74, -0.36), (0.54, -0.36), (0.5, 0.2), (0.3, 0.72), (-0.5, 0.72), (-0.7, 0.2)])
    brush.oval("rim", (-0.1, -0.38), (0.64, 0.13), BEAK)


def _wheel(brush: Brush, x: float) -> None:
    """Draw a wheel under the middle ``x``."""
    brush.oval("wheel", (x, 0.48), (0.27, 0.27), RUBBER)
    brush.oval("wheel", (x, 0.48), (0.11, 0.11), METAL, outline=False)
