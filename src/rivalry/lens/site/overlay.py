"""Where in pictures a unit answers, as one picture so small that it stands in the page itself.

Maps of activation become rows of one PNG of sixteen greys. The page's style lays the part of it that belongs to a
picture over this, multiplied: what the unit is silent to goes dark. A hundred thousand pages hold millions of maps, so
there is one PNG a page and not one a map, and no library of pictures at work.
"""

from __future__ import annotations

import binascii
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from rivalry.lens.site.columns import Row

MOST = 16
"""Cells along a side; larger maps are averaged down to it."""

Cells: TypeAlias = npt.NDArray[np.uint8]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NOTHING = ""


@dataclass(frozen=True)
class Overlays:
    """The maps of some pictures as one.

    Attributes:
        style: Of what holds the pictures: the PNG as ``--m``, and how high it is beside one map as ``--s``.
        places: Of each picture, which part of the PNG is its own, as ``--y``; None where it has no map.
    """

    style: str
    places: Sequence[str | None]


def overlays(rows: Sequence[Row]) -> Overlays:
    """Put the maps of some pictures into one PNG, each as bright as its own strongest allows.

    Args:
        rows: Rows of ``samples``: ``map`` of ``height`` × ``width`` values of one byte each, row by row. Maps of
            different sizes are brought to the largest.

    Returns:
        No style where no row has a map that says where: one of its size, of two cells or more, not all silent.
    """
    maps = [cells_of(row) for row in rows]
    known = [cells for cells in maps if cells is not None]
    if not known:
        return Overlays(_NOTHING, [None] * len(maps))
    high, wide = (max(cells.shape[axis] for cells in known) for axis in (0, 1))
    # Between two maps stands the border of each once more, lest a smoothed border takes in its neighbour.
    parts = [np.pad(_spread(cells, high, wide), ((1, 1), (0, 0)), mode="edge") for cells in known]
    picture = binascii.b2a_base64(_png(np.concatenate(parts)), newline=False).decode()
    whole = len(known) * (high + 2)
    starts = (f"--y:{100 * (place * (high + 2) + 1) / (whole - high):.4g}%" for place in range(len(known)))
    places = [None if cells is None else next(starts) for cells in maps]
    return Overlays(f"--m:url(data:image/png;base64,{picture});--s:{100 * whole / high:.5g}%", places)


def cells_of(row: Row) -> Cells | None:
    """The map of a row, its strongest cell 255; None where it has none of its size that says where."""
    cells, high, wide = row["map"], row["height"], row["width"]
    if cells is None or high is None or wide is None or min(high, wide) < 1 or high * wide < 2:
        return None
    if len(cells) != high * wide:
        return None
    values = np.frombuffer(cells, np.uint8).reshape(high, wide)
    values = _averaged(values) if max(high, wide) > MOST else values
    most = int(values.max())
    return (values.astype(np.uint16) * 255 // most).astype(np.uint8) if most else None


def _averaged(values: Cells) -> Cells:
    """At most ``MOST`` cells along a side, each the mean of those that it stands for."""
    sums = values.astype(np.float32)
    for axis in (0, 1):
        long = sums.shape[axis]
        edges = np.arange(min(long, MOST)) * long // min(long, MOST)
        counts = np.diff(np.append(edges, long))
        sums = np.add.reduceat(sums, edges, axis=axis) / np.expand_dims(counts, 1 - axis)
    return sums.round().astype(np.uint8)


def _spread(values: Cells, high: int, wide: int) -> Cells:
    """A map over more cells, each of its own standing for several."""
    if values.shape == (high, wide):
        return values
    rows, columns = (np.arange(size) * own // size for size, own in zip((high, wide), values.shape, strict=True))
    spread: Cells = values[np.ix_(rows, columns)]
    return spread


def _png(values: Cells) -> bytes:
    """A PNG of four bits a cell, by RFC 2083: a filter byte, then the row, two cells a byte, the left one high."""
    height, width = values.shape
    greys = ((values.astype(np.uint16) * 15 + 127) // 255).astype(np.uint8)
    rows = np.zeros((height, 1 + (width + 1) // 2), np.uint8)
    rows[:, 1:] = greys[:, ::2] << 4
    rows[:, 1 : 1 + width // 2] |= greys[:, 1::2]
    packed = zlib.compressobj(9, zlib.DEFLATED, 12)
    body = packed.compress(rows.tobytes()) + packed.flush()
    header = struct.pack(">IIBBBBB", width, height, 4, 0, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
