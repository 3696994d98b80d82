"""What units are to directions: of which units a direction is made, and in which directions a unit weighs most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rivalry.lens.site.columns import NUMBERS, TEXT, WHOLE, Kept, Types, kept, units_of
from rivalry.lens.site.links import Linked, class_link, concept_link
from rivalry.lens.site.section import Site
from rivalry.lens.site.shelf import Volume
from rivalry.lens.site.sources import last_of
from rivalry.lens.site.units.story import Story, story_of
from rivalry.lens.site.units.view import Part

MOST = 4
"""Parts that a page names."""

_LEAST = 0.02
_LARGEST = 64_000_000
_WEIGHTS: Types = (("weights", NUMBERS),)
_CONCEPTS: Types = (("class", TEXT), ("concept", WHOLE), ("name", TEXT))


def parts_of(site: Site, story: Story, units: Sequence[int]) -> dict[int, list[Part]]:
    """Of a direction the units that it is made of; of a unit the directions and concepts in which it weighs most.

    A weight is that of the direction scaled to length 1, so that their squares are shares of it.
    """
    whole, _, name = story.layer.partition("@")
    found: dict[int, list[Part]] = {unit: [] for unit in units}
    for volume in [*last_of(site.shelf, "basis"), *last_of(site.shelf, "concepts")]:
        if name and name == volume.name:
            _take_apart(site, volume, whole, found)
        elif not name:
            _find_within(site, volume, story, found)
    return {unit: parts for unit, parts in found.items() if parts}


def _take_apart(site: Site, volume: Volume, layer: str, found: Mapping[int, list[Part]]) -> None:
    """Add to each direction the units of the layer that it is made of."""
    directions, weights = _weights(kept(volume), layer)
    rows = {direction: row for row, direction in enumerate(directions.tolist())}
    story = story_of(site.shelf, layer)
    for unit, parts in found.items():
        if unit in rows:
            for other in _heaviest(weights[rows[unit]]):
                note = concept_link(site, story.label(other)) if story.label(other) else None
                said = Linked(f"unit {other}", story.address_of(other))
                parts.append(Part(said, note, float(weights[rows[unit], other])))


def _find_within(site: Site, volume: Volume, story: Story, found: Mapping[int, list[Part]]) -> None:
    """Add to each unit the directions in which it weighs most."""
    directions, weights = _weights(kept(volume), story.layer)
    for unit, parts in found.items():
        if unit < weights.shape[1]:
            for row in _heaviest(weights[:, unit]):
                said, note = _direction(site, volume, story.layer, int(directions[row]))
                parts.append(Part(said, note, float(weights[row, unit])))


def _direction(site: Site, volume: Volume, layer: str, direction: int) -> tuple[Linked, Linked | None]:
    """What a direction is, and what it is called."""
    if volume.kind == "concepts":
        row = _concepts(kept(volume), layer).get(direction)
        if row is None:
            return Linked(f"{volume.name} {direction}"), None
        of_class, concept, name = row
        address = class_link(site, of_class).address
        return Linked(f"{of_class}, concept {concept}", address), concept_link(site, name) if name else None
    story = story_of(site.shelf, f"{layer}@{volume.name}")
    label = story.label(direction)
    said = f"{volume.name} {direction}"
    return Linked(said, story.address_of(direction)), concept_link(site, label) if label else None


def _heaviest(weights: npt.NDArray[np.float32]) -> list[int]:
    order = np.argsort(-np.abs(weights), kind="stable")[:MOST]
    return [int(place) for place in order if weights[place] ** 2 >= _LEAST]


@lru_cache(maxsize=8)
def _weights(volume: Kept, layer: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Directions of a layer and their weights, (directions, units), each of length 1; none where they do not fit."""
    columns = units_of(volume.volume, _WEIGHTS, "directions")
    units, rows = columns.places.get(layer, (np.zeros(0, np.int64),) * 2)
    lists = columns.table["weights"].take(pa.array(rows)).combine_chunks()
    lengths = set(lists.value_lengths().to_pylist())
    nothing = np.zeros(0, np.int64), np.zeros((0, 0), np.float32)
    if len(lengths) != 1 or None in lengths or 0 in lengths or len(lists) * max(lengths) > _LARGEST:
        return nothing
    weights = lists.flatten().to_numpy(zero_copy_only=False).astype(np.float32).reshape(len(lists), -1)
    length = np.linalg.norm(np.nan_to_num(weights), axis=1, keepdims=True)
    return units, np.nan_to_num(weights) / np.where(length > 0, length, 1)


@lru_cache(maxsize=8)
def _concepts(volume: Kept, layer: str) -> dict[int, tuple[str, int, str]]:
    """Class, number and name of the concepts of a layer, by their direction."""
    columns = units_of(volume.volume, _CONCEPTS, "concepts")
    units, rows = columns.places.get(layer, (np.zeros(0, np.int64),) * 2)
    told = columns.table.take(pa.array(rows)).to_pylist()
    return {unit: (row["class"] or "", row["concept"] or 0, row["name"] or "")
            for unit, row in zip(units.tolist(), told, strict=True)}  # fmt: skip
