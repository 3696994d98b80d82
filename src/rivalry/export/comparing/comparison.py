"""What sets two dissected networks apart, as plain data: labels, concepts, accuracy, sparsity, bases."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rivalry.export.comparing.concepts import HeldConcept, held_concepts
from rivalry.export.comparing.labels import ChangedUnit, KeptLabels, changed_units, kept_labels, shared_layers
from rivalry.export.comparing.likeness import made_otherwise
from rivalry.export.comparing.numbers import BasisScores, Number, shared_bases, shared_scalars, shared_scores
from rivalry.export.comparing.sides import Side
from rivalry.numerics.nearest import nearest
from rivalry.records import JSON


@dataclass(frozen=True)
class LayerPair:
    """A layer that both networks have.

    Attributes:
        layer: Dotted name.
        units: Their number in both.
        competitors: Units in a block in both, 1 where they do not compete.
        active: Share of its units that are active at a place, on average: of a competing layer 1/U.
        dead: Units that never win.
        labels: How many keep theirs.
    """

    layer: str
    units: tuple[int, int]
    competitors: tuple[int, int]
    active: tuple[float, float]
    dead: tuple[int, int]
    labels: KeptLabels


@dataclass(frozen=True)
class Comparison:
    """What sets two networks apart.

    Attributes:
        names: Of both.
        layers: Those that both have.
        only: Dissected layers that one network alone has, of either.
        changed: Units whose labels changed, those with the clearest labels first.
        concepts: Of the layers that both have, those of which the numbers of units differ most first.
        scores: What both were measured to score, such as accuracy.
        bases: S¹ and S² of the bases that were scored in both.
        scalars: All other numbers that analyses of one name found in both.
        otherwise: By ``labels``, analysis or part of the data, the settings in which both were not made alike, so that
            they may differ by that alone.
    """

    names: tuple[str, str]
    layers: list[LayerPair]
    only: tuple[list[str], list[str]]
    changed: list[ChangedUnit]
    concepts: list[HeldConcept]
    scores: list[Number]
    bases: list[BasisScores]
    scalars: list[Number]
    otherwise: Mapping[str, list[str]]

    @property
    def gained(self) -> list[HeldConcept]:
        """Concepts that the second network alone has."""
        return [concept for concept in self.concepts if concept.gained]

    @property
    def lost(self) -> list[HeldConcept]:
        """Concepts that the first network alone has."""
        return [concept for concept in self.concepts if concept.lost]

    def to_json(self) -> dict[str, JSON]:
        """All of it as JSON values; what is not a finite number becomes null."""
        known: dict[str, JSON] = _jsonable(asdict(self))
        return known


def compare(first: Side, second: Side) -> Comparison:
    """Compare two networks by what is known of them; neither is run.

    Raises:
        ValueError: If no layer of one was dissected, or they have no dissected layer in common.
    """
    ours, theirs = (_dissected_layers(side) for side in (first, second))
    layers = shared_layers(first.neurons, second.neurons)
    if not layers:
        more = ", …" if len(ours) > 3 else ""
        raise ValueError(
            f"{first.name} and {second.name} have no dissected layer in common; of the first there are "
            f"{', '.join(ours[:3])}{more}, of the second the nearest are {nearest(ours[0], theirs)}"
        )
    units = [_within(side.neurons, layers) for side in (first, second)]
    kept = kept_labels(*units)
    return Comparison(
        names=(first.name, second.name),
        layers=[_layer_pair(layer, first, second, kept[layer]) for layer in layers],
        only=([one for one in ours if one not in layers], [one for one in theirs if one not in layers]),
        changed=changed_units(*units),
        concepts=held_concepts(*units),
        scores=shared_scores(first, second),
        bases=shared_bases(first, second),
        scalars=shared_scalars(first, second),
        otherwise=made_otherwise(first, second, layers),
    )


def _dissected_layers(side: Side) -> list[str]:
    """The layers whose units are named; to have none is an error."""
    found: list[str] = pc.unique(side.neurons["layer"]).to_pylist()
    if not found:
        raise ValueError(f"no layer of {side.name} was dissected: its units have no labels that could be compared")
    return found


def _layer_pair(layer: str, first: Side, second: Side, labels: KeptLabels) -> LayerPair:
    ours, theirs = (_within(side.neurons, [layer]) for side in (first, second))
    return LayerPair(
        layer,
        units=(len(ours), len(theirs)),
        competitors=(first.competitors[layer], second.competitors[layer]),
        active=(_mean(ours["win_rate"]), _mean(theirs["win_rate"])),
        dead=(_count(ours["dead"]), _count(theirs["dead"])),
        labels=labels,
    )


def _within(units: pa.Table, layers: list[str]) -> pa.Table:
    return units.filter(pc.is_in(units["layer"], pa.array(layers, pa.string())))


def _mean(values: pa.ChunkedArray) -> float:
    known = pc.mean(values).as_py()
    return math.nan if known is None else known


def _count(values: pa.ChunkedArray) -> int:
    return pc.sum(values).as_py() or 0


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _jsonable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
