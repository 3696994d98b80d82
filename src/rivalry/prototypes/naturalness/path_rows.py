"""How natural the path of a target's prototypes is: a row for every layer, method and copy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa
from jaxtyping import Float
from torch import Tensor

from rivalry.recording.observation import Images, Shown

Row: TypeAlias = dict[str, Any]

MEASURES = ("spearman", "cosine", "relative_l1")

NATURALNESS = pa.schema(
    [
        ("target", pa.string()),
        ("method", pa.string()),
        ("copy", pa.int64()),
        ("layer", pa.string()),
        ("depth", pa.int64()),
        *[
            (f"{against}{measure}", pa.float64())
            for against in ("", "averaged_", "same_", "other_")
            for measure in MEASURES
        ],
        *[(name, pa.float64()) for name in ("normalised", "low", "high", "normalised_cosine")],
        *[(name, pa.int64()) for name in ("pictures", "others", "places")],
    ]
)
"""Columns of the table ``naturalness``; what they mean is told in ``docs/naturalness.md``."""


@dataclass(frozen=True)
class PathMeasure:
    """How a path is measured.

    Attributes:
        places: Numbers of a layer's output that are compared, drawn by seed where it gives more.
        resamples: Of the natural pictures, for intervals.
        seed: Of what is drawn.
    """

    places: int = 4096
    resamples: int = 1000
    seed: int = 0


def measure_path(
    show: Callable[[Images], Shown],
    target: str,
    prototypes: Mapping[str, Float[Tensor, "copies channels height width"]],
    own: Iterable[Images],
    others: Iterable[Images],
    layers: Sequence[str],
    measure: PathMeasure = PathMeasure(),
) -> list[Row]:
    """Measure how natural the path of a target's prototypes is.

    Args:
        show: Shows the network pictures (0 to 255); what it gives must hold every layer.
        target: What the prototypes are for.
        prototypes: By method (``prototype``, ``fourier``); in [0, 1].
        own: Batches of natural pictures of the target, 0 to 255; each is shown once and not kept.
        others: Batches of natural pictures of other classes.
        layers: From shallow to deep.
        measure: How.

    Returns:
        A row of :data:`NATURALNESS` for every method, copy and layer; None where a number is not known.

    Raises:
        ValueError: For no own picture, or a layer that is not shown.
    """
    raise NotImplementedError
