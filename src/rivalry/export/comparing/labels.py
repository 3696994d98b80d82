"""Which units are called otherwise in another network, unit by unit.

Units are matched by layer and number. That means something where one network was made of the other, or both of one;
units of networks that began apart have no more to do with one another than any two of a layer. What tells is chance:
were the second network's labels dealt out at random among the units of a layer that live in both,

    same by chance = Σ over labels l of  a_l · b_l / n        a_l, b_l: of n such units, those called l in each network

units would keep theirs on average.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

NAMED = {"layer": pa.string(), "unit": pa.int64(), "label": pa.string(), "margin": pa.float64()}
NAMED |= {"win_rate": pa.float64(), "dead": pa.bool_()}
"""Columns of a table of units that are looked at here."""


@dataclass(frozen=True)
class ChangedUnit:
    """A unit that lives in both networks and is called otherwise in the second.

    Attributes:
        layer: Dotted name.
        unit: Its number in the layer.
        first: Its label in the first network.
        second: Its label in the second.
        margin: The smaller of the margins of both labels, in their scores' unit; 0 where one has none.
    """

    layer: str
    unit: int
    first: str
    second: str
    margin: float


@dataclass(frozen=True)
class KeptLabels:
    """How many units of a layer keep their label.

    Attributes:
        both: Units that live in both networks.
        same: Of these, those with one label in both.
        same_by_chance: What is to be expected of labels dealt out at random.
        died: Units that live in the first network alone.
        woke: Units that live in the second alone.
    """

    both: int
    same: int
    same_by_chance: float
    died: int
    woke: int


def changed_units(first: pa.Table, second: pa.Table) -> list[ChangedUnit]:
    """Units that live in both networks and are called otherwise, those with the clearest labels first.

    >>> def named(*labels: str) -> pa.Table:
    ...     of = {"layer": ["act"] * len(labels), "unit": range(len(labels)), "label": labels}
    ...     return pa.table({**of, "margin": [0.5] * len(labels), "dead": [not label for label in labels]})
    >>> changed_units(named("sky", "", "car"), named("sky", "sea", "bus"))
    [ChangedUnit(layer='act', unit=2, first='car', second='bus', margin=0.5)]
    """
    both = _matched(first, second)
    moved = both.filter(pc.not_equal(both["label"], both["label of second"]))
    found = [
        ChangedUnit(
            row["layer"],
            row["unit"],
            row["label"],
            row["label of second"],
            min(row["margin"] or 0.0, row["margin of second"] or 0.0),
        )
        for row in moved.to_pylist()
    ]
    return sorted(found, key=lambda one: (-one.margin, one.layer, one.unit))


def kept_labels(first: pa.Table, second: pa.Table) -> dict[str, KeptLabels]:
    """How many units keep their label, by layer; layers that only one network has are left out."""
    layers = shared_layers(first, second)
    counts = [Counter(living(table)["layer"].to_pylist()) for table in (first, second)]
    pairs: dict[str, list[tuple[str, str]]] = {layer: [] for layer in layers}
    columns = _matched(first, second).select(["layer", "label", "label of second"]).to_pydict().values()
    for layer, *labels in zip(*columns, strict=True):
        pairs[layer].append((labels[0], labels[1]))
    return {layer: _kept(pairs[layer], counts[0][layer], counts[1][layer]) for layer in layers}


def shared_layers(first: pa.Table, second: pa.Table) -> list[str]:
    """Layers of which both tables have units, in the order of the first."""
    theirs = set(pc.unique(second["layer"]).to_pylist())
    return [layer for layer in pc.unique(first["layer"]).to_pylist() if layer in theirs]


def living(units: pa.Table) -> pa.Table:
    """The units that won at least once, and have a label."""
    return units.filter(pc.and_(pc.invert(units["dead"]), pc.not_equal(units["label"], "")))


def _matched(first: pa.Table, second: pa.Table) -> pa.Table:
    """Units that live in both networks, with the second's label and margin beside the first's."""
    columns = ["layer", "unit", "label", "margin"]
    ours, theirs = (living(table).select(columns) for table in (first, second))
    return ours.join(theirs, ["layer", "unit"], join_type="inner", right_suffix=" of second", use_threads=False)


def _kept(pairs: list[tuple[str, str]], first: int, second: int) -> KeptLabels:
    ours, theirs = (Counter(labels) for labels in zip(*pairs, strict=True)) if pairs else (Counter(), Counter())
    expected = sum(count * theirs[label] for label, count in ours.items())
    return KeptLabels(
        both=len(pairs),
        same=sum(label == other for label, other in pairs),
        same_by_chance=expected / len(pairs) if pairs else 0.0,
        died=first - len(pairs),
        woke=second - len(pairs),
    )
