"""What a prototype is for: a class, a unit of a layer, a direction of one, or a concept of a class.

    class:car   class:3                    the logit of a class, by name or by position
    unit:layer4.1.act2:17                  a unit of a layer
    direction:layer3@basis:4               a direction of a layer (see :mod:`rivalry.recording.directions`)
    concept:layer4.0.act2:car:2            a concept of a class in a record of a ConceptExtraction
    concept:car:2                          the same, where one layer alone has concepts of the class

Names may hold colons: what stands last is the number, and what stands between is compared with known names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import pyarrow as pa
from torch import nn

from rivalry.numerics.nearest import nearest
from rivalry.recording.directions import MARK, part
from rivalry.recording.taps import resolve_taps

Kind = Literal["class", "unit", "direction", "concept"]


@dataclass(frozen=True)
class Target:
    """What a prototype is for.

    Attributes:
        kind: What sort of thing it is.
        number: Position of the class, or of the unit or direction in its layer.
        name: As a person calls it: the class's name, or layer and number.
        layer: Of which the unit or direction is; with the source of directions behind ``@``. None of a class.
        class_name: Of a concept, the class that it is of.
        concept: Of a concept, its number in its class.
    """

    kind: Kind
    number: int
    name: str
    layer: str | None = None
    class_name: str | None = None
    concept: int | None = None

    @property
    def text(self) -> str:
        """As it is written; :func:`parse_target` reads it again.

        >>> Target("unit", 17, "layer4:17", "layer4").text
        'unit:layer4:17'
        """
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True)
class KnownConcepts:
    """The concepts of a record, by which targets are resolved.

    Attributes:
        source: What names the record's directions behind ``@``: its folder.
        units: By layer, class and number in its class, a concept's number among the directions of the layer.
    """

    source: str
    units: Mapping[tuple[str, str, int], int]

    @classmethod
    def of(cls, table: pa.Table, source: str) -> KnownConcepts:
        """Those of a record's table ``concepts``."""
        columns = [table[name].to_pylist() for name in ("layer", "class", "concept", "unit")]
        rows = zip(*columns, strict=True)
        return cls(source, {(layer, class_, concept): unit for layer, class_, concept, unit in rows})


def parse_target(
    text: str, network: nn.Module, classes: Sequence[str], concepts: KnownConcepts | None = None
) -> Target:
    """Resolve what was asked for.

    How many units and directions a layer has is not known here: see :func:`check_numbers`.

    Args:
        text: As in the head of this file.
        network: Whose layers are meant.
        classes: Names of the classes that its logits are of.
        concepts: Those of a record, where there is one.

    Raises:
        ValueError: For what is not written so, or a class, layer or concept that is not known; naming the nearest.

    >>> parse_target("class:dog", nn.Identity(), ["cat", "dog"])
    Target(kind='class', number=1, name='dog', layer=None, class_name=None, concept=None)
    """
    kind, _, rest = text.partition(":")
    if kind == "class" and rest:
        return _class(text, rest, classes)
    name, _, last = rest.rpartition(":")
    if not (name and last.isdecimal()) or kind not in get_args(Kind):
        raise ValueError(
            f"target {text!r} is not written as class:NAME, unit:LAYER:NUMBER, direction:LAYER@SOURCE:NUMBER or "
            f"concept:CLASS:NUMBER; nearest kind: {nearest(kind, get_args(Kind), 1)}"
        )
    if kind == "concept":
        return _concept(text, name, int(last), concepts)
    layer = _layer(text, name, directed=kind == "direction")
    _check_layer(text, layer, network)
    return Target("direction" if kind == "direction" else "unit", int(last), f"{name}:{int(last)}", name)


def check_numbers(targets: Sequence[Target], counts: Mapping[str, int]) -> None:
    """Refuse units and directions that their layers do not have.

    Args:
        targets: Of any kind.
        counts: Units or directions by layer, as targets name it.

    Raises:
        ValueError: Naming the first.

    >>> check_numbers([Target("unit", 17, "layer4:17", "layer4")], {"layer4": 32})
    """
    for target in targets:
        if target.layer is not None and target.number >= counts[target.layer]:
            count = counts[target.layer]
            what = "units" if target.kind == "unit" else "directions"
            raise ValueError(f"{target.text!r}: {target.layer} has {count} {what}, 0 to {count - 1}")


def _class(text: str, name: str, classes: Sequence[str]) -> Target:
    if name in classes:
        return Target("class", classes.index(name), name)
    if name.isdecimal() and int(name) < len(classes):
        return Target("class", int(name), classes[int(name)])
    raise ValueError(
        f"{text!r}: {name!r} is none of the {len(classes)} classes; nearest: {nearest(name, classes)}"
        + (f"; by position, 0 to {len(classes) - 1}" if name.isdecimal() else "")
    )


def _layer(text: str, name: str, *, directed: bool) -> str:
    """The layer of the network that a name speaks of."""
    layer, source = part(name)
    if directed and not source:
        raise ValueError(f"{text!r} names no source of directions; wanted as in direction:{name}{MARK}basis:4")
    if not directed and source is not None:
        raise ValueError(f"{text!r}: {name!r} has directions, no units; wanted is direction:{name}:NUMBER")
    return layer


def _check_layer(text: str, layer: str, network: nn.Module) -> None:
    try:
        found = resolve_taps(network, [layer])
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from error
    if found != (layer,):
        raise ValueError(f"{text!r}: wanted the name of one layer, and {layer!r} means {', '.join(found)}")


def _concept(text: str, name: str, number: int, concepts: KnownConcepts | None) -> Target:
    if concepts is None:
        raise ValueError(f"{text!r} asks for a concept, and no record of a ConceptExtraction was given")
    ours = {(layer, class_) for layer, class_, _ in concepts.units if name in (class_, f"{layer}:{class_}")}
    if not ours:
        classes = dict.fromkeys(class_ for _, class_, _ in concepts.units)
        raise ValueError(f"{text!r}: the record has no concepts of {name!r}; nearest: {nearest(name, classes)}")
    if len(ours) > 1:
        choices = ", ".join(f"concept:{layer}:{class_}:{number}" for layer, class_ in sorted(ours))
        raise ValueError(f"{text!r} may mean any of {choices}")
    ((layer, class_),) = ours
    if (layer, class_, number) not in concepts.units:
        known = sorted(other for of, whose, other in concepts.units if (of, whose) == (layer, class_))
        near = min(known, key=lambda other: abs(other - number))
        raise ValueError(f"{text!r}: {class_!r} has {len(known)} concepts in {layer}; the nearest is {near}")
    unit = concepts.units[layer, class_, number]
    directed = f"{layer}{MARK}{concepts.source}"
    return Target("concept", unit, f"{layer}:{class_}:{number}", directed, class_, number)
