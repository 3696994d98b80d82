"""What the page of a concept shows, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rivalry.lens.site.links import Linked
from rivalry.lens.site.units.view import Sample


@dataclass(frozen=True)
class NamedUnit:
    """A unit that CLIP calls by the concept's name.

    Attributes:
        layer: Its layer.
        unit: Its number.
        address: Of its page.
        margin: By how much this name is ahead of the next.
        confirmed: Whether masks agree.
        iou: How well it overlaps with the concept, by pictures.
        clarity: How alike its pictures are.
        win_rate: Share of positions that it wins.
    """

    layer: str
    unit: int
    address: str | None
    margin: float | None
    confirmed: bool | None
    iou: float | None
    clarity: float | None
    win_rate: float | None


@dataclass(frozen=True)
class Seen:
    """A unit by its strongest picture."""

    said: str
    address: str | None
    best: Sample


@dataclass(frozen=True)
class Best:
    """The unit of a layer that masks find best at the concept, or a direction that they call so.

    Attributes:
        layer: Its layer.
        unit: Its number.
        address: Of its page.
        said: Of which measure it is the best, and in which record.
        value: Of the measure.
        note: More, in words.
    """

    layer: str
    unit: int
    address: str | None
    said: str
    value: float | None
    note: str = ""


@dataclass(frozen=True)
class OfClass:
    """A concept of a class that bears the name.

    Attributes:
        of_class: The class.
        layer: In which it was found.
        concept: Its number among the class's.
        share: Of the logit.
        importance: Of the concept.
        prevalence: Share of pictures in which it counts most.
        crops: Addresses of pieces of pictures.
    """

    of_class: Linked
    layer: str
    concept: int
    share: float | None
    importance: float | None
    prevalence: float | None
    crops: Sequence[str]


@dataclass(frozen=True)
class Concept:
    """A word, and all that bears it.

    Attributes:
        name: The word.
        units: Units and directions that CLIP calls so, the clearest first.
        seen: Some of them by their strongest pictures.
        style: Of what holds these.
        best: Who is best at it by masks.
        classes: Concepts of classes.
        history: Units that were called so, by epoch; with 0 where there were none.
        bases: What the best direction of each basis has in common with it.
        first: Epoch in which it was first there.
        gone: Last epoch in which it was there, where that is not the last.
    """

    name: str
    units: Sequence[NamedUnit]
    seen: Sequence[Seen]
    style: str
    best: Sequence[Best]
    classes: Sequence[OfClass]
    history: Sequence[tuple[int, int]]
    bases: Sequence[tuple[str, float]]
    first: int | None
    gone: int | None
