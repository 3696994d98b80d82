"""How natural the path of a target's prototypes is: a row for every method, copy and layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from rivalry.numerics.similarity import correlate_ranks, cosine, ranks, relative_l1
from rivalry.prototypes.naturalness.curve import Curve, Similarities, normalise
from rivalry.prototypes.naturalness.places import Places
from rivalry.recording.observation import Images, Shown

Row: TypeAlias = dict[str, Any]
Show: TypeAlias = Callable[[Images], Shown]
Batches: TypeAlias = Iterable[UInt8[Tensor, "_ channels height width"] | Float[Tensor, "_ channels height width"]]

MEASURES = ("spearman", "cosine", "relative_l1")

NATURALNESS = pa.schema(
    [
        ("target", pa.string()),
        ("method", pa.string()),
        ("copy", pa.int64()),
        ("layer", pa.string()),
        ("depth", pa.int64()),
        *[(f"{to}{name}", pa.float64()) for to in ("", "averaged_", "same_", "other_") for name in MEASURES],
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
    show: Show,
    target: str,
    prototypes: Mapping[str, Float[Tensor, "_ channels height width"]],
    own: Batches,
    others: Batches,
    layers: Sequence[str],
    measure: PathMeasure = PathMeasure(),
) -> list[Row]:
    """Measure how natural the path of a target's prototypes is.

    Memory: ``places`` numbers of every picture and layer, and the similarities of one layer at a time.

    Args:
        show: Shows the network pictures (0 to 255); what it gives must hold every layer.
        target: What the prototypes are for.
        prototypes: By method (``prototype``, ``fourier``), one copy at least of each; in [0, 1].
        own: Batches of natural pictures of the target, 0 to 255; each is shown once and not kept.
        others: Batches of natural pictures of other classes.
        layers: From shallow to deep.
        measure: How.

    Returns:
        A row of :data:`NATURALNESS` for every method, copy and layer; None where a number is not known: without two
        own pictures or any other, or where the layer does not tell the own ones from the others.

    Raises:
        ValueError: For no prototype, no own picture, or a layer that is not shown.
    """
    if not prototypes or not layers:
        raise ValueError(f"the path of {target!r} is that of prototypes through layers: one of each at least")
    places = Places(measure.places, measure.seed)
    natural = _activations(show, own, layers, places)
    if not natural:
        raise ValueError(f"naturalness of {target!r} is likeness to natural pictures of it: one at least, got none")
    beside = _activations(show, others, layers, places)
    made = _activations(show, (images * 255 for images in prototypes.values()), layers, places)
    found = {
        layer: list(_measure_layer(made[layer], natural[layer], beside.get(layer, natural[layer][:0]), measure))
        for layer in layers
    }
    copies = [(method, copy) for method, images in prototypes.items() for copy in range(len(images))]
    return [
        {"target": target, "method": method, "copy": copy, "layer": layer, "depth": depth, **found[layer][place]}
        for place, (method, copy) in enumerate(copies)
        for depth, layer in enumerate(layers)
    ]


def _activations(
    show: Show, batches: Batches, layers: Sequence[str], places: Places
) -> dict[str, Float[Tensor, "pictures _"]]:
    """What layers give for pictures, a batch after another; nothing of no pictures."""
    shown = [places.rows(show(images).activations, layers) for images in batches if len(images)]
    return {layer: torch.cat([rows[layer] for rows in shown]) for layer in layers} if shown else {}


def _measure_layer(made: Tensor, own: Tensor, others: Tensor, measure: PathMeasure) -> Iterator[Row]:
    """The columns of each prototype, at one layer."""
    found = _similarities(made, own, others)
    counts = {"pictures": len(own), "others": len(others), "places": own.shape[1]}
    means = {name: each.means() for name, (each, _) in found.items()}
    curve, by_cosine = (
        normalise(found[name][0], resamples=measure.resamples, seed=measure.seed) for name in ("spearman", "cosine")
    )
    for place in range(len(made)):
        columns = {name: float(to_made[place]) for name, (to_made, _, _) in means.items()}
        columns |= {f"averaged_{name}": float(to_average[place]) for name, (_, to_average) in found.items()}
        columns |= {f"same_{name}": same for name, (_, same, _) in means.items()}
        columns |= {f"other_{name}": other for name, (_, _, other) in means.items()}
        columns |= _point(curve, place) | {"normalised_cosine": _point(by_cosine, place)["normalised"]}
        yield {name: value if math.isfinite(value) else None for name, value in columns.items()} | counts


def _similarities(made: Tensor, own: Tensor, others: Tensor) -> dict[str, tuple[Similarities, Tensor]]:
    """By each measure, how alike own pictures are to everything, and their average is to prototypes."""
    average = own.double().mean(0, keepdim=True).to(own)
    counts = [len(made), len(own), len(others), 1]
    rows = torch.cat([made, own, others, average])
    ranked = ranks(rows)  # sorting is most of the work, and done once
    reference = torch.cat([torch.arange(counts[0], counts[0] + counts[1]), torch.tensor([len(rows) - 1])]).to(
        own.device
    )
    found = {}
    for name, like, values in (
        ("spearman", correlate_ranks, ranked),
        ("cosine", cosine, rows),
        ("relative_l1", relative_l1, rows),
    ):
        to_reference = like(values, values[reference])
        each = torch.split(to_reference[:-1, :-1].T, counts[:3], dim=1)
        found[name] = Similarities(*each), to_reference[: counts[0], -1]
    return found


def _point(curve: Curve, place: int) -> dict[str, float]:
    """A prototype's point of the curve, or nothing where there is no scale."""
    point = curve.normalised[place]
    names = ("normalised", "low", "high")
    return dict(zip(names, point, strict=True)) if curve.known else dict.fromkeys(names, math.nan)
