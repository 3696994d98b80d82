"""Where in a picture a unit answers, as a picture so small that it stands in the page itself.

A map of activation becomes a PNG of sixteen greys, which the page's style multiplies with the picture under it: what
the unit is silent to goes dark. No network is asked, and no library of pictures: a hundred thousand pages hold
millions of these.
"""

from __future__ import annotations

import binascii
import struct
import zlib

import numpy as np
import numpy.typing as npt

MOST = 16
"""Cells along a side; larger maps are averaged down to it."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def overlay(cells: bytes | None, height: int | None, width: int | None) -> str | None:
    """A map as the address of a picture that it holds itself, ``data:image/png;base64,…``.

    Args:
        cells: height × width values of one byte each, row by row. The picture's own strongest becomes white, however
            weak it is beside that of others.
        height: Rows.
        width: Columns.

    Returns:
        None where there is no map, or none of that size, or one that says nothing of where: one cell, or no answer.
    """
    if cells is None or not height or not width or min(height, width) < 1 or height * width < 2:
        return None
    if len(cells) != height * width:
        return None
    values = np.frombuffer(cells, np.uint8).reshape(height, width)
    if max(height, width) > MOST:
        values = _averaged(values)
    if not values.any():
        return None
    return "data:image/png;base64," + binascii.b2a_base64(_png(values), newline=False).decode()


def _averaged(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """At most ``MOST`` cells along a side, each the mean of those that it stands for."""
    sums = values.astype(np.float32)
    for axis in (0, 1):
        long = sums.shape[axis]
        edges = np.arange(min(long, MOST)) * long // min(long, MOST)
        counts = np.diff(np.append(edges, long))
        sums = np.add.reduceat(sums, edges, axis=axis) / np.expand_dims(counts, 1 - axis)
    return sums.round().astype(np.uint8)


def _png(values: npt.NDArray[np.uint8]) -> bytes:
    """A PNG of four bits a cell, by RFC 2083: a filter byte, then the row, two cells a byte, the left one high."""
    height, width = values.shape
    most = int(values.max())
    greys = (values.astype(np.uint16) * 15 + most // 2) // most
    rows = np.zeros((height, 1 + (width + 1) // 2), np.uint8)
    rows[:, 1:] = greys[:, ::2] << 4
    rows[:, 1 : 1 + width // 2] |= greys[:, 1::2].astype(np.uint8)
    packed = zlib.compressobj(9, zlib.DEFLATED, 9)
    body = packed.compress(rows.tobytes()) + packed.flush()
    header = struct.pack(">IIBBBBB", width, height, 4, 0, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
