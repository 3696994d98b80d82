"""The prototypes of an earlier record, from which those of the next epoch start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow.compute as pc
import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.recording.thumbnails import from_png
from rivalry.records import Record


@dataclass(frozen=True)
class Earlier:
    """Where an optimisation goes on from.

    Attributes:
        images: The earlier prototypes, in [0, 1].
        rate: The median of the rates by which they were made.
    """

    images: Float[Tensor, "images 3 height width"]
    rate: float


def earlier(
    previous: Record | None, targets: Sequence[str], copies: int, method: str, size: tuple[int, int]
) -> Earlier | None:
    """The prototypes that a record holds of targets.

    Args:
        previous: The record.
        targets: As they are written.
        copies: Of each.
        method: Which made them.
        size: Height and width that are wanted.

    Returns:
        Each target's copies, one after another; None unless all are there, of this size.
    """
    if previous is None or "prototypes" not in previous.tables:
        return None
    table = previous.tables["prototypes"]
    rows = table.filter((pc.field("method") == method) & pc.field("picture").is_valid()).to_pylist()
    known = {(row["target"], row["copy"]): row for row in rows}
    wanted = [(target, copy) for target in targets for copy in range(copies)]
    if not all(key in known for key in wanted):
        return None
    pictures = [from_png(known[key]["picture"]) for key in wanted]
    if any(tuple(picture.shape[1:]) != size for picture in pictures):
        return None
    rates = torch.tensor([known[key]["rate"] for key in wanted])
    return Earlier(torch.stack(pictures).float() / 255, float(rates.median()))
