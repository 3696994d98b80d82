"""What a table of naturalness comes down to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def headline(rows: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Scalars of a record: ``naturalness``, and where there is a plain baseline two more.

    Args:
        rows: Of the table ``naturalness``, of all targets.

    Returns:
        ``naturalness`` and ``naturalness_plain``, the means of the normalised curves over layers and targets; and
        ``layers_above_plain``, the share of layers in which ours, in the mean of targets, is more alike to natural
        pictures of the target than the plain one is. NaN where nothing is known.
    """
    raise NotImplementedError
