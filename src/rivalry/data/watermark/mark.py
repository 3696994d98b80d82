"""A watermark: what it shows, and how it is printed. The print is a pure function of (mark, picture, seed, index).

picture' = (1 − o c) picture + o c tone        o: opacity, c in [0, 1]: how much of a pixel the mark covers
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import get_args

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray
from PIL import Image
from torch import Tensor

from rivalry.data.augmentation.randomness import draw_evenly
from rivalry.data.watermark.glyphs import Kind, shape
from rivalry.data.watermark.stamp import FINER, Place, choose_spot, largest_box, stamp
from rivalry.numerics.nearest import nearest

LIGHT, DARK, BRIGHT = (250, 250, 250), (30, 28, 40), 160
"""Tones of letters, and from which brightness on of what is under them they are dark, 0 to 255."""

SMALLEST = 2.0
"""Least height and width of a mark that can be seen, in pixels."""

_STREAM = 0x3A  # tells these draws from others by the same seed and index


@dataclass(frozen=True)
class Watermark:
    """A mark that can be printed on any picture.

    >>> image, mask = Watermark().render(torch.zeros(3, 64, 64, dtype=torch.uint8), seed=0, index=5)
    >>> int(image.max()), mask.shape
    (220, torch.Size([64, 64]))

    Attributes:
        text: What it says, in Pillow's own font; without text and logo it is the word COPY in coarse letters, which can
            be read on a picture of 64 pixels.
        logo: A picture file to print instead, with its own colours and transparency; ``~`` and environment variables
            are put in.
        kind: ``"mark"``, or ``"null"`` for its twin that means nothing (see `null`).
        place: A corner, or the middle.
        size: The mark's longer side as a share of the picture's shorter one, in (0, 1].
        jitter: How far the place varies, as a share of the picture's shorter side, in [0, 1]; the mark never leaves the
            picture.
        rotation: Greatest turn to either side, in degrees, in [0, 180].
        opacity: In [0, 1].

    Raises:
        ValueError: If a value is none of these, text and logo are both given, either leaves no ink, or the logo cannot
            be read.
    """

    text: str | None = None
    logo: str | None = None
    kind: Kind = "mark"
    place: Place = "lower_left"
    size: float = 0.4
    jitter: float = 0.06
    rotation: float = 7.0
    opacity: float = 0.88

    def __post_init__(self) -> None:
        _refuse_unknown("kind", self.kind, get_args(Kind))
        _refuse_unknown("place", self.place, get_args(Place))
        if not 0 < self.size <= 1:
            more = ": the mark would be larger than the picture" if self.size > 1 else ""
            raise ValueError(
                "the size of a watermark is a share of the picture's shorter side, above 0 and up to 1; given "
                f"{self.size}{more}"
            )
        for name, value, most in (
            ("opacity", self.opacity, 1),
            ("jitter", self.jitter, 1),
            ("rotation", self.rotation, 180),
        ):
            if not 0 <= value <= most:
                raise ValueError(f"the {name} of a watermark lies in [0, {most}]; given {value}")
        shape(self.text, self.logo, self.kind)

    def null(self) -> Watermark:
        """The null mark: as much ink on the same area, at the same place, turn and tone, that says and shows nothing.

        The ink, the sum of what is covered, is the same within 2 %. As many pixels are mostly ink, which edges decide:
        within 10 % in the coarse letters, within 25 % in a text or logo on a small picture. The null is its own null.

        Raises:
            ValueError: If the mark looks as before when its pieces have changed places, as a plain square does.
        """
        return replace(self, kind="null")

    @property
    def fingerprint(self) -> str:
        """Hex digest of all that decides the mark: its shape, and how it is printed; not of the logo's path."""
        drawn = shape(self.text, self.logo, self.kind)
        printed = (self.place, self.size, self.jitter, self.rotation, self.opacity, drawn.mode, drawn.size)
        return hashlib.blake2b(f"watermark {printed}".encode() + drawn.tobytes(), digest_size=16).hexdigest()

    def check(self, height: int, width: int) -> None:
        """Refuse pictures on which the mark does not fit, however it is turned, or could not be seen.

        Raises:
            ValueError: Saying how large both are.
        """
        sides = self._sides(height, width)
        if min(sides) < SMALLEST:
            seen = _hundredths(self.size * SMALLEST / min(sides), math.ceil)
            raise ValueError(
                f"the watermark would be {sides[0]:.1f} × {sides[1]:.1f} pixels on a picture of {width} × {height}, "
                f"too small to be seen: wanted a size of {seen} or more"
            )
        wide, high = largest_box(*sides, self.rotation)
        if wide > width or high > height:
            fits = _hundredths(self.size * min(width / wide, height / high), math.floor)
            raise ValueError(
                f"the watermark is larger than the picture: turned by up to {self.rotation:g} degrees it takes "
                f"{wide:.1f} × {high:.1f} pixels of {width} × {height}; wanted a size of {fits} or less"
            )

    def render(
        self, image: UInt8[Tensor, "3 height width"], *, seed: int, index: int
    ) -> tuple[UInt8[Tensor, "3 height width"], Bool[Tensor, "height width"]]:
        """Print the mark on a picture.

        Args:
            image: Stays as it is.
            seed: With the index, decides place and turn, alike for the mark and its null.
            index: Of the picture in its data set.

        Returns:
            The picture with the mark, and the pixels that are mostly mark: those that it covers at least half as much
            as it covers any.

        Raises:
            ValueError: If the mark does not fit on the picture.
        """
        height, width = image.shape[1:]
        self.check(height, width)
        bands, top, left = self._print(height, width, seed, index)
        window = slice(top, top + bands.shape[0]), slice(left, left + bands.shape[1])
        under = image[:, *window].numpy()
        cover = bands[..., -1] / np.float32(255)
        tone = bands[..., :3].transpose(2, 0, 1) if bands.shape[2] == 4 else _tone(under)
        marked, mask = image.clone(), torch.zeros(height, width, dtype=torch.bool)
        mixed = under + np.float32(self.opacity) * cover * (tone - under.astype(np.float32))
        marked[:, *window] = torch.from_numpy(np.rint(mixed).astype(np.uint8))
        mask[*window] = torch.from_numpy(cover >= 0.5 * cover.max())
        return marked, mask

    def _sides(self, height: int, width: int) -> tuple[float, float]:
        """Width and height of the mark on a picture, before it is turned."""
        drawn = shape(self.text, self.logo, self.kind)
        scale = self.size * min(height, width) / max(drawn.size)
        return drawn.width * scale, drawn.height * scale

    def _print(
        self, height: int, width: int, seed: int, index: int
    ) -> tuple[UInt8[ndarray, "rows columns _"], int, int]:
        """The mark's bands on the pixels around it, and the first row and column of these."""
        turn, across, down = draw_evenly(seed, _STREAM, torch.tensor([index]), 3)[0].tolist()
        sides = self._sides(height, width)
        spot = choose_spot(
            self.place,
            sides,
            (width, height),
            rotation=self.rotation,
            jitter=self.jitter,
            chance=(turn, across, down),
        )
        return stamp(_scaled(self.text, self.logo, self.kind, *sides), spot, (width, height))


def _hundredths(size: float, to_whole: Callable[[float], int]) -> float:
    return to_whole(100 * size) / 100


def _tone(under: UInt8[ndarray, "3 rows columns"]) -> Float[ndarray, "3 1 1"]:
    """Light on what is dark on average, dark on the rest."""
    bright = under.mean((1, 2)) @ np.array([0.299, 0.587, 0.114])
    return np.array(LIGHT if bright < BRIGHT else DARK, dtype=np.float32)[:, None, None]


@lru_cache(maxsize=64)
def _scaled(text: str | None, logo: str | None, kind: Kind, width: float, height: float) -> Image.Image:
    """A shape at the size at which it is put in place."""
    size = max(1, round(FINER * width)), max(1, round(FINER * height))
    return shape(text, logo, kind).resize(size, Image.Resampling.BOX)


def _refuse_unknown(what: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise ValueError(
            f"the {what} of a watermark is one of {', '.join(known)}; given {given!r}, nearest: "
            f"{nearest(str(given), known, 1)}"
        )
