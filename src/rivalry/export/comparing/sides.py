"""One of the two networks that are compared: what its units are called, what it scores, what analyses found in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from rivalry.records import JSON, Record


@dataclass(frozen=True)
class Side:
    """What is known of a network without its weights.

    Attributes:
        name: What it is called by.
        neurons: A row a unit, with the columns of :data:`rivalry.export.comparing.labels.NAMED` at least.
        competitors: By layer, units in a block; 1 where units do not compete.
        scores: What was measured while it was trained, such as ``val/top1``; none where that is not known.
        pictures: Fingerprints of the data sets by their part, such as ``validation``; none where they are not known.
        classes: Names of the classes; none where they are not known.
        labels: By layer, the analysis that its labels come from.
        settings: By analysis, how it was made.
        records: The last record of every analysis by name, with no more than the table ``bases``.
    """

    name: str
    neurons: pa.Table
    competitors: Mapping[str, int]
    scores: Mapping[str, float]
    pictures: Mapping[str, str]
    classes: tuple[str, ...]
    labels: Mapping[str, str]
    settings: Mapping[str, Mapping[str, JSON]]
    records: Mapping[str, Record]
