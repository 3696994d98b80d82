"""The plants and animals of PictureBook: how each is drawn, part after part, from the back to the front.

Every function draws one object with a `Brush`. A part without a colour takes the object's own paint. The brush leaves
out the parts that this object happens not to have.
"""

import math

from rivalry.data.picturebook.brush import Brush, Point
from rivalry.data.picturebook.palette import BEAK, CREAM, DARK, LEAF, PEARL, POLLEN, SKIN, WOOD


def tree(brush: Brush) -> None:
    """Draw a round-headed tree."""
    brush.polygon("trunk", [(-0.13, 0.2), (0.13, 0.2), (0.22, 0.98), (-0.22, 0.98)], WOOD)
    leaves: list[Point] = []
    for step in range(49):
        angle = 2 * math.pi * step / 49
        reach = 0.84 + 0.16 * abs(math.sin(3.5 * angle))
        leaves.append((0.86 * reach * math.sin(angle), -0.28 - 0.74 * reach * math.cos(angle)))
    brush.polygon("crown", leaves)


def flower(brush: Brush) -> None:
    """Draw a flower with five petals and two leaves."""
    brush.line("stem", [(0.0, 0.0), (0.04, 0.5), (0.0, 1.0)], 0.13, LEAF)
    brush.oval("leaf", (-0.3, 0.72), (0.32, 0.13), LEAF, turn=0.6)
    brush.oval("leaf", (0.32, 0.68), (0.32, 0.13), LEAF, turn=-0.6)
    for step in range(5):
        angle = 2 * math.pi * (step / 5 - 0.25)
        middle = (0.44 * math.cos(angle), -0.3 + 0.44 * math.sin(angle))
        brush.oval("petal", middle, (0.37, 0.29), turn=angle)
    brush.oval("centre", (0.0, -0.3), (0.21, 0.21), POLLEN)


def mushroom(brush: Brush) -> None:
    """Draw a mushroom."""
    brush.blob("stem", [(-0.2, 0.0), (0.2, 0.0), (0.24, 0.5), (0.34, 0.92), (-0.34, 0.92), (-0.24, 0.5)], CREAM)
    dome = [(-0.94, 0.04), (-0.84, -0.42), (-0.46, -0.8), (0.0, -0.92), (0.46, -0.8), (0.84, -0.42), (0.94, 0.04)]
    brush.polygon("cap", [*dome, (0.5, 0.2), (0.0, 0.25), (-0.5, 0.2)])


def fish(brush: Brush) -> None:
    """Draw a fish that swims to the right."""
    brush.polygon("tail", [(-0.46, 0.0), (-0.98, -0.5), (-0.86, 0.0), (-0.98, 0.5)])
    brush.polygon("fin", [(-0.26, -0.38), (-0.14, -0.8), (0.36, -0.66), (0.4, -0.34)], SKIN)
    brush.polygon("fin", [(-0.1, 0.4), (-0.04, 0.74), (0.26, 0.6), (0.26, 0.4)], SKIN)
    back = [(0.96, 0.04), (0.6, -0.4), (0.1, -0.52), (-0.4, -0.28)]
    brush.blob("body", [*back, (-0.6, 0.0), (-0.4, 0.3), (0.1, 0.52), (0.6, 0.42)])
    _eye(brush, (0.62, -0.08), 0.15)


def bird(brush: Brush) -> None:
    """Draw a bird that looks to the right."""
    for x in (-0.12, 0.14):
        brush.line("leg", [(x, 0.5), (x + 0.04, 0.94), (x + 0.2, 0.94)], 0.08, BEAK)
    brush.polygon("beak", [(0.66, -0.58), (1.0, -0.42), (0.64, -0.26)], BEAK)
    brush.polygon("tail", [(-0.5, -0.02), (-1.0, -0.36), (-0.96, 0.06), (-0.5, 0.34)])
    back = [(0.74, -0.42), (0.6, -0.74), (0.28, -0.82), (0.06, -0.52), (-0.3, -0.3), (-0.66, 0.0)]
    brush.blob("body", [*back, (-0.44, 0.44), (0.0, 0.64), (0.44, 0.42), (0.66, -0.04)])
    brush.blob("wing", [(0.2, -0.14), (0.1, 0.26), (-0.3, 0.38), (-0.62, 0.26), (-0.3, -0.06)])
    _eye(brush, (0.44, -0.5), 0.12)


def butterfly(brush: Brush) -> None:
    """Draw a butterfly from above."""
    for side in (-1, 1):
        brush.line("antenna", [(side * 0.04, -0.4), (side * 0.26, -0.88)], 0.07, DARK)
        brush.oval("wing", (side * 0.42, 0.42), (0.4, 0.34), turn=side * 0.6)
        brush.oval("wing", (side * 0.52, -0.28), (0.5, 0.42), turn=-side * 0.5)
    brush.oval("body", (0.0, 0.06), (0.11, 0.58), DARK, outline=False)


def cat(brush: Brush) -> None:
    """Draw a sitting cat that looks at us."""
    curl: list[Point] = [(0.3, 0.82), (0.68, 0.8), (0.84, 0.54), (0.76, 0.26), (0.86, 0.08)]
    brush.line("tail", curl, 0.16)
    brush.blob("body", [(0.0, -0.1), (0.4, 0.2), (0.52, 0.7), (0.34, 0.95), (-0.34, 0.95), (-0.52, 0.7), (-0.4, 0.2)])
    for side in (-1, 1):
        brush.polygon("ear", [(side * 0.56, -0.98), (side * 0.12, -0.76), (side * 0.56, -0.42)])
    brush.oval("head", (0.0, -0.36), (0.62, 0.46))
    for side in (-1, 1):
        _eye(brush, (side * 0.25, -0.42), 0.12)
        brush.line("whisker", [(side * 0.2, -0.16), (side * 0.74, -0.22)], 0.04, DARK)
        brush.line("whisker", [(side * 0.2, -0.12), (side * 0.72, -0.04)], 0.04, DARK)


def snail(brush: Brush) -> None:
    """Draw a snail that creeps to the right."""
    for x in (0.6, 0.8):
        brush.line("antenna", [(x, 0.0), (x + 0.1, -0.44)], 0.08, DARK)
    foot = [(-0.98, 0.74), (-0.5, 0.5), (0.3, 0.5), (0.5, 0.04), (0.74, -0.12), (0.94, 0.06), (0.88, 0.5), (0.64, 0.78)]
    brush.blob("body", foot, SKIN)
    brush.oval("shell", (-0.18, -0.08), (0.66, 0.62))
    spiral = [(0.07 * t * math.cos(t) - 0.18, 0.066 * t * math.sin(t) - 0.06) for t in (0.6 * s for s in range(13))]
    brush.line("shell", spiral, 0.06, DARK)
    _eye(brush, (0.76, 0.12), 0.1)


def _eye(brush: Brush, middle: Point, radius: float) -> None:
    """Draw an eye."""
    brush.oval("eye", middle, (radius, radius), PEARL, outline=False)
    brush.oval("eye", (middle[0] + 0.2 * radius, middle[1]), (0.62 * radius, 0.62 * radius), DARK, outline=False)
