"""JSON and text of bounded size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LARGEST = 64 * 2**20
"""Bytes of a file of JSON or of sums."""


def read_text(file: Path) -> str:
    """Read a text, unless it is too long or none.

    Raises:
        ValueError: Naming the file.
    """
    if (size := file.stat().st_size) > LARGEST:
        raise ValueError(f"{file} has {size:,} bytes; at most {LARGEST:,} are read")
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is no text: {error.reason} at byte {error.start}") from error


def read_json(file: Path) -> Any:
    """Read a file of JSON, unless it is too long, none, or nested beyond measure.

    Raises:
        ValueError: Naming the file.
    """
    text = read_text(file)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file} is no JSON: {error}") from error
