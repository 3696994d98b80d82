"""The pages of a PictureBook on disk: drawn once, by all cores, and read through a memory map ever after.

A folder holds three arrays, ``images.npy``, ``segments.npy`` and ``factors.npy``. It appears whole or not at all, so
processes that draw the same book at the same time do no harm.
"""

import multiprocessing
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from rich.progress import track

from rivalry.cache import written_whole
from rivalry.data.picturebook.drawing import Picture, draw

BATCH = 256
"""Pictures that a process draws at a time; a book of no more is drawn at once, without other processes."""


@dataclass(frozen=True)
class Edition:
    """The settings that decide every picture of a book."""

    length: int
    seed: int
    size: int
    correlation: float

    def draw(self, index: int) -> Picture:
        """Draw one picture of this edition."""
        return draw(self.seed, index, self.size, correlation=self.correlation)


@dataclass(frozen=True)
class Pages:
    """The drawn pictures of a book, as arrays in memory-mapped files.

    Attributes:
        images: ``uint8`` (samples, height, width, 3).
        segments: ``uint8`` (samples, height, width), as in `rivalry.data.picturebook.drawing.Picture`.
        factors: ``uint8`` (samples, 4): scene, object, colour, texture.
    """

    images: UInt8[ndarray, "samples height width 3"]
    segments: UInt8[ndarray, "samples height width"]
    factors: UInt8[ndarray, "samples 4"]

    @classmethod
    def open(cls, folder: Path, mode: str = "r") -> "Pages":
        """Map the arrays of a folder into memory."""
        images, segments, factors = (
            np.lib.format.open_memmap(folder / f"{name}.npy", mode) for name in ("images", "segments", "factors")
        )
        return cls(images, segments, factors)

    @classmethod
    def drawn(cls, edition: Edition, folder: Path, *, progress: bool = True) -> "Pages":
        """Open the pages in ``folder``, drawing them where they are not there yet.

        Args:
            edition: What to draw.
            folder: Belongs to this edition alone.
            progress: Whether to show a bar while drawing.
        """
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(folder) as draft:
                _make_room(edition, draft)
                batches = _draw_all(edition, draft)
                total = -(-edition.length // BATCH)
                for _ in track(batches, "Drawing PictureBook", total, disable=not progress, transient=True):
                    pass
        return cls.open(folder)


def _make_room(edition: Edition, folder: Path) -> None:
    """Create the arrays on disk, still empty."""
    length, size = edition.length, edition.size
    shapes = {"images": (length, size, size, 3), "segments": (length, size, size), "factors": (length, 4)}
    for name, shape in shapes.items():
        np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.uint8, shape).flush()


def _draw_all(edition: Edition, folder: Path) -> Iterator[None]:
    """Draw all pictures into a folder, giving a sign after every batch."""
    starts = range(0, edition.length, BATCH)
    if len(starts) == 1:
        _draw_batch(edition, folder, 0)
        yield
        return
    # Forked processes share what is imported already, and start in milliseconds. They only draw: no thread's lock is
    # needed, so the warning that newer Pythons give where threads run does not concern them.
    forks = "fork" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if forks else None)
    workers = min(len(starts), os.cpu_count() or 1)
    with warnings.catch_warnings(), ProcessPoolExecutor(workers, context) as pool:
        warnings.filterwarnings("ignore", ".*fork", DeprecationWarning)
        for batch in as_completed([pool.submit(_draw_batch, edition, folder, start) for start in starts]):
            batch.result()
            yield


def _draw_batch(edition: Edition, folder: Path, start: int) -> None:
    """Draw the pictures from ``start`` on into the arrays of a folder."""
    pages = Pages.open(folder, "r+")
    for index in range(start, min(start + BATCH, edition.length)):
        picture = edition.draw(index)
        pages.images[index], pages.segments[index] = picture.image, picture.segments
        pages.factors[index] = astuple(picture.factors)
