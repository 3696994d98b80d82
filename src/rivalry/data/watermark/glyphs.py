"""What a watermark shows: a word in coarse letters, any text, or a logo; and what its null mark shows instead.

The null mark has the same ink on the same area and means nothing: what a network does for the mark and not for the
null, it does for what the mark says. Of the coarse word COPY each letter has a null glyph of as many cells. Of a text
or a logo the null is the mark itself, cut into square pieces that have changed places.
"""

from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rivalry.data.paths import expand

Kind = Literal["mark", "null"]

LETTERS: dict[Kind, tuple[str, ...]] = {
    "mark": ("### ### ### #.#", "#.. #.# #.# #.#", "#.. #.# ### ###", "#.. #.# #.. .#.", "### ### #.. .#."),
    "null": ("#.# #.# .#. .#.", "#.# ### ### ###", ".#. #.# #.# .#.", "#.# ### ### ###", "#.# #.# .#. .#."),
}
"""COPY and its null, row by row; a ``#`` is a cell of ink, and a space parts two glyphs."""

PIECES = 3
"""Pieces along the shorter side of a text or a logo, whose places the null mark changes."""

_CELL = 32
_FONT_SIZE = 160
_BOLDER = 6  # added to every stroke: thin letters vanish on small pictures
_ALIKE = 0.1


@lru_cache(maxsize=64)
def shape(text: str | None, logo: str | None, kind: Kind) -> Image.Image:
    """The shape of a mark or its null: a text, a logo, or COPY in coarse letters where there is neither.

    Returns:
        Ink, 0 to 255, mode ``L``; of a logo colours and opacity, mode ``RGBA``. Never to be changed.

    Raises:
        ValueError: If both are given, either leaves no ink, the logo cannot be read, or there is no null.
    """
    if text is not None and logo is not None:
        raise ValueError(f"a watermark is a text or a logo; given both, {text!r} and {logo!r}")
    if text is None and logo is None:
        return coarse(kind)
    return in_pieces(written(text) if text is not None else printed(str(logo)), kind)


def coarse(kind: Kind) -> Image.Image:
    """The word COPY, or its null, in letters of three by five cells.

    Returns:
        Ink, 0 to 255, mode ``L``.
    """
    signs = np.array([list(row) for row in LETTERS[kind]])
    return Image.fromarray(np.kron(signs == "#", np.ones((_CELL, _CELL), dtype=np.uint8)) * np.uint8(255))


def written(text: str) -> Image.Image:
    """A text in the font that comes with Pillow.

    Returns:
        Ink, 0 to 255, mode ``L``, as large as the text.

    Raises:
        ValueError: If the text leaves no ink.
    """
    font = ImageFont.load_default(size=_FONT_SIZE)
    left, top, right, bottom = (
        round(side)
        for side in ImageDraw.Draw(Image.new("L", (1, 1))).textbbox((0, 0), text, font, stroke_width=_BOLDER)
    )
    sheet = Image.new("L", (max(1, right - left), max(1, bottom - top)), 0)
    ImageDraw.Draw(sheet).text((-left, -top), text, fill=255, font=font, stroke_width=_BOLDER)
    return _trimmed(sheet, f"the text {text!r}")


def printed(path: str | Path) -> Image.Image:
    """A logo from a file, trimmed to what is not transparent.

    Returns:
        Colours and opacity, 0 to 255, mode ``RGBA``.

    Raises:
        ValueError: If the file is not there, is no picture, or shows nothing.
    """
    file = expand(path)
    try:
        with Image.open(file) as opened:
            picture = opened.convert("RGBA")
    except FileNotFoundError as error:
        raise ValueError(
            f"the logo {file} is not there; wanted a picture file, such as a PNG with transparency"
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"the logo {file} is no picture that can be decoded: {error}") from error
    return _trimmed(picture, f"the logo {file}")


def in_pieces(mark: Image.Image, kind: Kind) -> Image.Image:
    """The mark on a sheet of whole square pieces, or its null: the same pieces in other places.

    Args:
        mark: A text or a logo.
        kind: Which of the two.

    Raises:
        ValueError: If the null looks like the mark, as that of a plain rectangle does.
    """
    side = max(1, round(min(mark.size) / PIECES))
    columns, rows = (-(-length // side) for length in mark.size)
    sheet = Image.new(mark.mode, (columns * side, rows * side))
    sheet.paste(mark, ((sheet.width - mark.width) // 2, (sheet.height - mark.height) // 2))
    if kind == "mark":
        return sheet
    pixels = np.asarray(sheet)
    pieces = pixels.reshape(rows, side, columns, side, -1).swapaxes(1, 2).reshape(rows * columns, side, side, -1)
    moved = pieces[np.random.default_rng(0).permutation(len(pieces))]
    null = moved.reshape(rows, columns, side, side, -1).swapaxes(1, 2).reshape(pixels.shape)
    if np.abs(null.astype(float) - pixels).sum() < _ALIKE * pixels.astype(float).sum():
        raise ValueError("the mark has no null: cut into pieces that change places, it looks as before; wanted a shape")
    return Image.fromarray(null)


def _trimmed(picture: Image.Image, name: str) -> Image.Image:
    """Cut off what bears no ink."""
    box = (picture.getchannel("A") if picture.mode == "RGBA" else picture).getbbox()
    if box is None:
        raise ValueError(f"{name} leaves no ink: nothing of it can be seen")
    return picture.crop(box)
