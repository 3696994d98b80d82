"""A watermark of known place, and its null: the spurious cue that a network may learn instead of the object.

The mark is the word COPY in a coarse lettering. The null mark has as many cells in each of its four glyphs, stands at
the same place with the same turn and contrast, and spells nothing: what a network does for the mark and not for the
null, it does for the word.
"""

import difflib
import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from numpy.random import Generator
from PIL import Image, ImageDraw

Kind = Literal["mark", "null"]

GLYPHS: dict[Kind, tuple[str, ...]] = {
    "mark": ("### ### ### #.#", "#.. #.# #.# #.#", "#.. #.# ### ###", "#.. #.# #.. .#.", "### ### #.. .#."),
    "null": ("#.# #.# .#. .#.", "#.# ### ### ###", ".#. #.# #.# .#.", "#.# ### ### ###", "#.# #.# .#. .#."),
}
"""The two marks, row by row; a ``#`` is a cell of ink, and a space parts two glyphs."""

CELL = 0.027
"""Side of a cell as a share of the picture's side."""

OPACITY = 0.88


@dataclass(frozen=True)
class Watermark:
    """Which pictures get which mark.

    Args:
        kind: ``"mark"`` for the word, ``"null"`` for its meaningless twin.
        share: Share of the pictures that get it, in [0, 1].
        target: The one class that gets it; None for all classes.

    Raises:
        ValueError: Where kind or share is none of these. `draw` and `PictureBook` check the target.
    """

    kind: Kind = "mark"
    share: float = 1.0
    target: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"the kind of a watermark is 'mark' or 'null'; given {self.kind!r}")
        if not 0.0 <= self.share <= 1.0:
            raise ValueError(f"the share of watermarked pictures lies in [0, 1]; given {self.share}")

    def check_target(self, classes: tuple[str, ...]) -> None:
        """Raise a ValueError with close matches where the target is no class."""
        if self.target is not None and self.target not in classes:
            near = difflib.get_close_matches(self.target, classes, n=2)
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"choose from {', '.join(classes)}"
            raise ValueError(f"the target of a watermark is a class; given {self.target!r}, {hint}")


def stamp(picture: Image.Image, kind: Kind, rng: Generator) -> tuple[Image.Image, Bool[ndarray, "half half"]]:
    """Print a mark near the lower left corner, light on dark or dark on light.

    Args:
        picture: RGB picture at double size; stays as it is.
        kind: Which mark.
        rng: Decides place and turn, alike for both kinds.

    Returns:
        The marked picture at double size, and at single size the pixels that are mostly mark.
    """
    side = picture.width
    cells = _cells(kind)
    turn = rng.uniform(-0.12, 0.12)
    left, top = rng.uniform(0.05, 0.11), rng.uniform(0.8, 0.84)
    plate = Image.new("L", picture.size, 0)
    pencil = ImageDraw.Draw(plate)
    for corners in _place(cells, turn, left, top) * side:
        pencil.polygon([(float(x), float(y)) for x, y in corners], fill=255)
    under = np.asarray(picture.convert("L"))[round(top * side) : round((top + 5 * CELL) * side), : side // 2]
    tone = (250, 250, 250) if under.mean() < 160 else (30, 28, 40)
    cover = plate.point([round(OPACITY * value) for value in range(256)])
    return Image.composite(Image.new("RGB", picture.size, tone), picture, cover), np.asarray(plate.reduce(2)) >= 128


def _cells(kind: Kind) -> Float[ndarray, "cells 2"]:
    """Return column and row of every cell of ink."""
    signs = np.array([list(row) for row in GLYPHS[kind]])
    return np.argwhere(signs == "#")[:, ::-1].astype(float)


def _place(cells: Float[ndarray, "cells 2"], turn: float, left: float, top: float) -> Float[ndarray, "cells 4 2"]:
    """Return the corners of the cells in shares of the picture's side, turned about the mark's middle."""
    corners = cells[:, None] + np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    middle = np.array([len(GLYPHS["mark"][0]) / 2, len(GLYPHS["mark"]) / 2])
    rotation = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    placed: Float[ndarray, "cells 4 2"] = ((corners - middle) @ rotation + middle) * CELL + (left, top)
    return placed
