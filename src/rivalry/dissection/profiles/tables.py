"""The tables of profiles: one row a unit, and one a sample of a unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import Tensor

from rivalry.dissection.profiles.boxes import squares
from rivalry.dissection.profiles.class_effects import ClassEffects, Strongest
from rivalry.dissection.profiles.distribution import histograms
from rivalry.dissection.profiles.layer_profile import LayerProfile
from rivalry.dissection.profiles.neighbours import Neighbours
from rivalry.dissection.profiles.overlays import Overlays
from rivalry.dissection.profiles.samples import LayerSamples

UNITS = pa.schema(
    {
        "layer": pa.string(),
        "unit": pa.int64(),
        "pictures": pa.int64(),
        "wins": pa.int64(),
        "win_rate": pa.float64(),
        "mean": pa.float64(),
        "standard_deviation": pa.float64(),
        "lowest": pa.float64(),
        "highest": pa.float64(),
        "dead": pa.bool_(),
        "density": pa.float64(),
        "edges": pa.list_(pa.float64()),
        "counts": pa.list_(pa.int64()),
        "sampled": pa.int64(),
        "raised_classes": pa.list_(pa.string()),
        "raised_effects": pa.list_(pa.float64()),
        "lowered_classes": pa.list_(pa.string()),
        "lowered_effects": pa.list_(pa.float64()),
        "effects_by": pa.string(),
        "nearest_units": pa.list_(pa.int64()),
        "nearest_cosines": pa.list_(pa.float64()),
    }
)
"""Columns of the table of units."""

SAMPLES = pa.schema(
    {
        "layer": pa.string(),
        "unit": pa.int64(),
        "kind": pa.string(),
        "rank": pa.int64(),
        "quantile": pa.float64(),
        "index": pa.int64(),
        "value": pa.float64(),
        "class": pa.string(),
        "map": pa.binary(),
        "height": pa.int64(),
        "width": pa.int64(),
        "left": pa.float64(),
        "top": pa.float64(),
        "right": pa.float64(),
        "bottom": pa.float64(),
    }
)
"""Columns of the table of samples."""


@dataclass(frozen=True)
class ProfiledLayer:
    """All that is known of a layer.

    Attributes:
        profile: What the pass has left.
        effects: On classes; None where they are unknown.
        neighbours: Units that answer alike.
        samples: Which pictures are shown.
    """

    profile: LayerProfile
    effects: ClassEffects | None
    neighbours: Neighbours
    samples: LayerSamples


def unit_rows(layer: str, known: ProfiledLayer, classes: Sequence[str]) -> pa.Table:
    """The rows of a layer's units, in order.

    Args:
        layer: Its name.
        known: What is known of it.
        classes: Names of the classes.
    """
    profile, sample = known.profile, known.profile.sample
    units, wins = profile.units, profile.top.wins
    histogram = histograms(sample.values, sample.won)
    won = sample.won.any(0)
    columns = {
        "layer": pa.array([layer], pa.string()).take(pa.array(np.zeros(units, dtype=np.int64))),
        "unit": np.arange(units),
        "pictures": np.full(units, profile.pictures),
        "wins": _array(wins),
        "win_rate": _array(profile.win_rate),
        "mean": _array(profile.mean),
        "standard_deviation": _array(profile.standard_deviation),
        "lowest": _array(profile.extremes[0]),
        "highest": _array(profile.extremes[1]),
        "dead": _array(wins == 0),
        "density": _array(wins.double() / max(profile.pictures, 1)),
        "edges": _lists(histogram.edges, won[:, None].expand_as(histogram.edges)),
        "counts": _lists(histogram.counts, won[:, None].expand_as(histogram.counts)),
        "sampled": np.full(units, len(sample.index)),
        **_effect_columns(known.effects, classes, units),
        "nearest_units": _lists(known.neighbours.units, known.neighbours.known),
        "nearest_cosines": _lists(known.neighbours.cosines, known.neighbours.known),
    }
    return _table(columns, UNITS)


def sample_rows(layer: str, samples: LayerSamples, overlays: Overlays, pictures: pa.Table) -> pa.Table:
    """The rows of a layer's samples, in order.

    Args:
        layer: Its name.
        samples: Which pictures are shown.
        overlays: Where the units answer there.
        pictures: The table of all pictures, by index.
    """
    count = len(samples.unit)
    place = np.searchsorted(pictures["index"].to_numpy(), samples.index)
    size = [pictures[side].to_numpy()[place] for side in ("width", "height")]
    sides = squares(overlays.parts, *size)
    columns = {
        "layer": pa.array([layer], pa.string()).take(pa.array(np.zeros(count, dtype=np.int64))),
        "unit": samples.unit,
        "kind": pa.array(["quantile", "top"], pa.string()).take(pa.array(samples.top.astype(np.int64))),
        "rank": samples.rank,
        "quantile": pa.array(samples.quantile, pa.float64(), mask=np.isnan(samples.quantile)),
        "index": samples.index,
        "value": samples.value,
        "class": pictures["class"].combine_chunks().take(pa.array(place)),
        "map": _maps(overlays),
        "height": np.full(count, overlays.shape[0]),
        "width": np.full(count, overlays.shape[1]),
        **{name: sides[:, column] for column, name in enumerate(("left", "top", "right", "bottom"))},
    }
    return _table(columns, SAMPLES)


def _effect_columns(effects: ClassEffects | None, classes: Sequence[str], units: int) -> dict[str, pa.Array]:
    """Classes by name with the effects on them; empty lists where classes are unknown."""
    empty = Strongest(torch.zeros(units, 0, dtype=torch.int64), torch.zeros(units, 0))
    columns = {"effects_by": pa.array([effects.by if effects else None] * units, pa.string())}
    for name in ("raised", "lowered"):
        one: Strongest = getattr(effects, name) if effects else empty
        there = one.effects != 0
        columns[f"{name}_effects"] = _lists(one.effects, there)
        positions = _lists(one.classes, there)
        names = pa.array(classes, pa.string()).take(positions.values)
        columns[f"{name}_classes"] = pa.ListArray.from_arrays(positions.offsets, names)
    return columns


def _lists(values: Tensor, there: Tensor) -> pa.Array:
    """A list a row, of those numbers that are there."""
    kept = _array(there)
    offsets = np.concatenate([[0], kept.sum(1).cumsum()]).astype(np.int32)
    kind = pa.float64() if values.is_floating_point() else pa.int64()
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(_array(values)[kept]).cast(kind))


def _maps(overlays: Overlays) -> pa.Array:
    """The levels of each map as bytes, without a copy."""
    count, positions = overlays.levels.shape
    offsets = np.arange(count + 1, dtype=np.int64) * positions
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(overlays.levels))]
    return pa.Array.from_buffers(pa.large_binary(), count, buffers).cast(pa.binary())


def _table(columns: dict[str, object], schema: pa.Schema) -> pa.Table:
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def _array(tensor: Tensor) -> npt.NDArray[np.generic]:
    array: npt.NDArray[np.generic] = tensor.cpu().numpy()
    return array
