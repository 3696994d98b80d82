"""Which concepts one network has and another lacks: a concept is there where a living unit has it as its label."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa

from rivalry.export.comparing.labels import living


@dataclass(frozen=True)
class HeldConcept:
    """A concept, and how many units are called by it.

    Attributes:
        concept: The word.
        first: Units of the first network.
        second: Units of the second.
    """

    concept: str
    first: int
    second: int

    @property
    def gained(self) -> bool:
        """Whether the second network alone has it."""
        return self.first == 0

    @property
    def lost(self) -> bool:
        """Whether the first network alone has it."""
        return self.second == 0


def held_concepts(first: pa.Table, second: pa.Table) -> list[HeldConcept]:
    """All concepts that either network has: those whose numbers of units differ most first, of equal ones the largest.

    Args:
        first: Units of the layers that both networks have.
        second: Likewise.
    """
    ours, theirs = (Counter(living(table)["label"].to_pylist()) for table in (first, second))
    found = [HeldConcept(concept, ours[concept], theirs[concept]) for concept in ours.keys() | theirs.keys()]
    return sorted(found, key=lambda one: (-abs(one.second - one.first), -one.first - one.second, one.concept))
