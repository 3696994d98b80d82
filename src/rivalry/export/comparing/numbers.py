"""Numbers that two networks both have: what they score, what analyses found in them, and how good their bases are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from rivalry.export.comparing.sides import Side
from rivalry.lens.drawable import has_columns
from rivalry.records import Record

POLICY = "beyond"
"""How thresholds were found for the scores of bases that are compared (docs/network_dissection.md)."""

_SCORED = dict.fromkeys(("layer", "basis", "policy"), pa.string()) | dict.fromkeys(("s1", "s2"), pa.float64())


@dataclass(frozen=True)
class Number:
    """A number of both networks.

    Attributes:
        of: What it is of: an analysis, or a part of the data such as ``val``.
        name: Its own name.
        first: Of the first network.
        second: Of the second.
    """

    of: str
    name: str
    first: float
    second: float


@dataclass(frozen=True)
class BasisScores:
    """How interpretable a basis of a layer is in both networks.

    Attributes:
        layer: Dotted name.
        basis: Such as ``natural``: the units as they are.
        s1: S¹ of both: the sum over directions of how well each fits its concept.
        s2: S² of both: the sum over concepts of the direction that fits best.
    """

    layer: str
    basis: str
    s1: tuple[float, float]
    s2: tuple[float, float]


def shared_scores(first: Side, second: Side) -> list[Number]:
    """What both score, such as accuracy, in the first network's order."""
    return [
        Number(*name.rpartition("/")[::2], value, second.scores[name])
        for name, value in first.scores.items()
        if name in second.scores
    ]


def shared_scalars(first: Side, second: Side) -> list[Number]:
    """The scalars that analyses of one name have left of both networks."""
    return [
        Number(analysis, name, value, other.scalars[name])
        for analysis, one, other in _shared_records(first, second)
        for name, value in one.scalars.items()
        if name in other.scalars
    ]


def shared_bases(first: Side, second: Side) -> list[BasisScores]:
    """S¹ and S² of the bases that were scored in both networks."""
    found = []
    for _, one, other in _shared_records(first, second):
        theirs = _scores(other)
        for (layer, basis), (s1, s2) in _scores(one).items():
            if (layer, basis) in theirs:
                other_s1, other_s2 = theirs[layer, basis]
                found.append(BasisScores(layer, basis, (s1, other_s1), (s2, other_s2)))
    return found


def _shared_records(first: Side, second: Side) -> Iterator[tuple[str, Record, Record]]:
    for analysis, record in first.records.items():
        if analysis in second.records:
            yield analysis, record, second.records[analysis]


def _scores(record: Record) -> Mapping[tuple[str, str], tuple[float, float]]:
    """S¹ and S² by layer and basis; none of a record that has no bases, or of pictures without masks."""
    table = record.tables.get("bases")
    rows = table.to_pylist() if table is not None and has_columns(table, _SCORED) else []
    return {
        (row["layer"], row["basis"]): (row["s1"], row["s2"])
        for row in rows
        if row["policy"] == POLICY and row["s1"] is not None and row["s2"] is not None
    }
