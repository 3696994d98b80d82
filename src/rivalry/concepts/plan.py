"""How every class is studied: what is sought in it, by which means, and what stands beside it for comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rivalry.concepts.extraction import Basis, Extraction
from rivalry.concepts.importance import Importance
from rivalry.recording.directions import MARK, Directions


@dataclass(frozen=True)
class Plan:
    """How every class is studied.

    Attributes:
        extraction: By which its concepts are found.
        concepts: How many.
        importance: Which says how much each counts.
        compared: Extractions that are judged beside it.
        importances: Methods that are judged beside it.
        pooled: Whether concepts are found in the means of pictures, not in their places.
        seed: Of all that is drawn.

    Raises:
        ValueError: For less than one concept, a negative seed, or two extractions or methods of one name.
    """

    extraction: Extraction
    concepts: int
    importance: Importance
    compared: tuple[Extraction, ...] = ()
    importances: tuple[Importance, ...] = ()
    pooled: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.concepts < 1 or self.seed < 0:
            raise ValueError(f"concepts are 1 or more and a seed is 0 or more, got {self.concepts} and {self.seed}")
        _refuse_twice("extractions", [one.name for one in self.extractions])
        _refuse_twice("importances", [one.name for one in self.methods])

    @property
    def extractions(self) -> tuple[Extraction, ...]:
        """All of them, the plan's own first."""
        return (self.extraction, *self.compared)

    @property
    def methods(self) -> tuple[Importance, ...]:
        """All methods of importance, the plan's own first."""
        return (self.importance, *self.importances)

    def directed(self, layers: Sequence[str]) -> tuple[str, ...]:
        """The layers of directions that extractions by a basis are fed by."""
        bases = [one for one in self.extractions if isinstance(one, Basis)]
        return tuple(f"{layer}{MARK}{one.source}" for layer in layers for one in bases)

    def bound(self, layer: str, directions: Mapping[str, Directions]) -> Plan:
        """The plan for a layer, extractions by a basis given its directions.

        Args:
            layer: Dotted name.
            directions: By ``layer@source``.
        """
        own, *others = [
            one.of(directions[f"{layer}{MARK}{one.source}"]) if isinstance(one, Basis) else one
            for one in self.extractions
        ]
        return replace(self, extraction=own, compared=tuple(others))

    def check(self, layer: str, channels: int) -> None:
        """Refuse more concepts than an extraction finds in a layer.

        Raises:
            ValueError: Naming layer, extraction and the most that it finds.
        """
        for one in self.extractions:
            most = one.most_concepts(channels)
            if most is not None and self.concepts > most:
                raise ValueError(
                    f"{one.name} finds at most {most} concepts in layer {layer!r} of {channels} channels; asked for "
                    f"{self.concepts}"
                )


def _refuse_twice(what: str, names: Sequence[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"{what} need names of their own, got {twice[0]!r} more than once")
