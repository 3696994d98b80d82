"""What a safetensors file claims to hold, read from its header and checked against its size before a tensor is.

A file begins with the length of its header (8 bytes, little-endian), and the header, in JSON, says of every tensor its
type, its shape, and at which bytes it lies (https://huggingface.co/docs/safetensors, "Format").
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

LONGEST_HEADER = 32 * 2**20
"""Bytes of a header; one of 100,000 tensors has some 10 MiB."""

_TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


@dataclass(frozen=True)
class Claim:
    """What a tensor is said to be.

    Attributes:
        dtype: Its type.
        shape: Its shape.
    """

    dtype: torch.dtype
    shape: tuple[int, ...]


def read_claims(file: Path) -> dict[str, Claim]:
    """What a safetensors file claims to hold, by name of tensor.

    Raises:
        ValueError: If the header is longer than can be, is none, or claims other bytes than the file has.
    """
    header, rest = _read_header(file)
    header.pop("__metadata__", None)
    claims: dict[str, Claim] = {}
    places: list[tuple[int, int]] = []
    for name, said in header.items():
        claims[name], place = _read_claim(file, name, said)
        places.append(place)
    end = 0
    for start, stop in sorted(places):
        if start != end:
            raise ValueError(f"{file}: its tensors lie over one another, or with gaps, at byte {min(start, end):,}")
        end = stop
    if end != rest:
        raise ValueError(f"{file} claims to hold {end:,} bytes of tensors, and has {rest:,}")
    return claims


def _read_header(file: Path) -> tuple[dict[str, Any], int]:
    """The header, and the number of bytes after it."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if length > min(LONGEST_HEADER, size - 8):
            raise ValueError(
                f"{file} claims a header of {length:,} bytes; it has {size:,} in all, and at most {LONGEST_HEADER:,} "
                "are read"
            )
        written = opened.read(length)
    try:
        header = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file} is no safetensors file: its header is no JSON") from error
    if not isinstance(header, dict):
        raise ValueError(f"{file} is no safetensors file: its header is no object of JSON")
    return header, size - 8 - length


def _read_claim(file: Path, name: str, said: Any) -> tuple[Claim, tuple[int, int]]:
    told: Mapping[str, Any] = said if isinstance(said, dict) else {}
    kind, shape, place = (told.get(key, ()) for key in ("dtype", "shape", "data_offsets"))
    if kind not in tuple(_TYPES) or not _are_counts(shape) or not _are_counts(place) or len(place) != 2:
        raise ValueError(f"{file}: what it says of tensor {name[:80]!r} is no type, shape and place")
    dtype, (start, stop) = _TYPES[kind], place
    if (wanted := math.prod(shape) * dtype.itemsize) != stop - start:
        raise ValueError(
            f"{file}: tensor {name[:80]!r} claims shape {tuple(shape)} of {kind}, {wanted:,} bytes, and lies on "
            f"{stop - start:,}"
        )
    return Claim(dtype, tuple(shape)), (start, stop)


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(one) is int and one >= 0 for one in value) and len(value) <= 8
