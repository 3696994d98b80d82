"""What an explanation of a picture holds: plain data that tables, JSON and pages are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rivalry.records import JSON, Picture

_DRAWN_ONLY = {"json": False}
"""Of fields that pictures are drawn from; JSON leaves them out."""


@dataclass(frozen=True)
class Answer:
    """What the network says of one class.

    Attributes:
        number: Of the class, counted from 0.
        name: Of the class.
        logit: Of the class.
        probability: By softmax over all classes.
    """

    number: int
    name: str
    logit: float
    probability: float


@dataclass(frozen=True)
class Asked:
    """What contributions add up to: a logit, or how far one stands above another.

    Attributes:
        why: Name of the class that is asked for.
        against: Name of the class that it is set against; None where the logit itself is asked for.
        value: logit of ``why``, less that of ``against``.
    """

    why: str
    against: str | None
    value: float


@dataclass(frozen=True)
class ExplainedUnit:
    """A unit that won somewhere on the picture.

    Attributes:
        unit: Its number in the layer.
        label: What it was named; empty of a unit that was dead when the layer was named, None where it has no name.
        confirmed: Whether masks have confirmed the label; None where nobody judged.
        strength: Mean activation over the places that it won, with its sign.
        win_share: Share of the layer's places that it won, in [0, 1].
        contribution: What it adds to the value that is asked for.
        map: Activation at each place of the picture, 0 where it lost; None where the layer has no places, or of a unit
            that is not drawn.
    """

    unit: int
    label: str | None
    confirmed: bool | None
    strength: float
    win_share: float
    contribution: float
    map: npt.NDArray[np.float32] | None = field(default=None, repr=False, compare=False, metadata=_DRAWN_ONLY)


@dataclass(frozen=True)
class ExplainedLayer:
    """What the units of a layer say.

    Attributes:
        layer: Dotted name.
        competitors: Units in a block; None where nothing competes.
        width: Units of the layer.
        won: How many of them won somewhere; without competition, were above zero somewhere.
        exact: Whether the layer enters the logit linearly. Else contributions are of first order: gradient ×
            activation.
        total: What all units contribute together.
        rest: Value that is asked for, less ``total``; where it is ``exact``, the bias.
        to_cover: Units that must be read for 90 % of ``total`` (:func:`rivalry.export.explaining.units_to_cover`).
        units: The largest contribution, of either sign, first.
    """

    layer: str
    competitors: int | None
    width: int
    won: int
    exact: bool
    total: float
    rest: float
    to_cover: int
    units: tuple[ExplainedUnit, ...]


@dataclass(frozen=True)
class ExplainedConcept:
    """How much a concept of the class counts in the picture.

    Attributes:
        concept: Its number in the class.
        name: What CLIP calls it; None where it has no name.
        code: How much of it there is, in the mean over places.
        importance: Σ over places of code × gradient along the concept.
        crop: PNG of where it was seen most clearly when it was found; None where the record has none.
    """

    concept: int
    name: str | None
    code: float
    importance: float
    crop: bytes | None = field(default=None, repr=False, compare=False, metadata=_DRAWN_ONLY)


@dataclass(frozen=True)
class ExplainedConcepts:
    """The concepts of the class that is asked for, in one layer.

    Attributes:
        record: Name of the analysis that has found them.
        layer: Dotted name.
        codes: How codes are found: ``non_negative`` least squares of each place, or ``product`` with each concept.
        total: What all concepts count for together.
        concepts: The largest importance, of either sign, first.
    """

    record: str
    layer: str
    codes: str
    total: float
    concepts: tuple[ExplainedConcept, ...]


@dataclass(frozen=True)
class ClusterMap:
    """Which places of the picture the network treats alike.

    Attributes:
        layers: Whose activations were clustered together.
        labels: Cluster of each place, row by row; 0 is the largest.
    """

    layers: tuple[str, ...]
    labels: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class NearPrototype:
    """A prototype that is like the picture to the network.

    Attributes:
        target: What it is a prototype of, such as ``class:3``.
        similarity: Rank correlation of pooled activations, in [-1, 1].
        picture: PNG of the prototype.
    """

    target: str
    similarity: float
    picture: bytes | None = field(default=None, repr=False, compare=False, metadata=_DRAWN_ONLY)


@dataclass(frozen=True)
class NearestPrototypes:
    """The prototypes that are most like the picture, of those that it was compared with.

    Attributes:
        record: Name of the analysis that has made them.
        layer: By whose activations, pooled over places, they were compared.
        compared: Prototypes that the picture was compared with.
        known: Prototypes in the record.
        nearest: Of those compared, the most similar first.
    """

    record: str
    layer: str
    compared: int
    known: int
    nearest: tuple[NearPrototype, ...]


@dataclass(frozen=True)
class Explanation:
    """Why a network takes a picture for what it takes it for.

    Attributes:
        picture: Name of the picture, as it was given.
        answers: The likeliest classes, the predicted one first.
        asked: What is explained.
        layers: In the network's order.
        concepts: Of each layer that concepts of the class are known of.
        clusters: None where they were not wanted, or no layer has places.
        prototypes: None where no record holds any.
        image: What the network was shown: uint8 (height, width, 3).
    """

    picture: str
    answers: tuple[Answer, ...]
    asked: Asked
    layers: tuple[ExplainedLayer, ...]
    concepts: tuple[ExplainedConcepts, ...]
    clusters: ClusterMap | None
    prototypes: NearestPrototypes | None
    image: Picture = field(repr=False, compare=False, metadata=_DRAWN_ONLY)

    @property
    def predicted(self) -> Answer:
        """The likeliest class."""
        return self.answers[0]

    def to_json(self) -> dict[str, JSON]:
        """All but pictures and maps as JSON values, by the names of the attributes."""
        return _mapping(self)


def _mapping(value: Any) -> dict[str, JSON]:
    told = [one for one in fields(value) if one.metadata.get("json", True)]
    return {one.name: _plain(getattr(value, one.name)) for one in told}


def _plain(value: Any) -> JSON:
    if is_dataclass(value):
        return _mapping(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    plain: JSON = value
    return plain
