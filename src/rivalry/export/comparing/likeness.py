"""Whether labels, numbers and accuracies of two networks were found alike: else they differ by that alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rivalry.dissection.emergence import SAME
from rivalry.export.comparing.sides import Side
from rivalry.records import JSON

_DEPENDED_ON = (*(name for name in SAME if name not in ("layers", "competitors")), "samples")
"""Settings that an analysis depends on, but for those in which the networks may differ themselves."""

_PARTS = {"val": "validation", "test": "test"}
"""Parts of the data, by the beginning of the names of scores."""


def made_otherwise(first: Side, second: Side, layers: Iterable[str]) -> dict[str, list[str]]:
    """What was not made alike for both networks.

    Args:
        first: A network.
        second: Another.
        layers: Those whose labels are compared.

    Returns:
        By ``labels``, the name of an analysis, ``val`` or ``test``: the settings that differ; what is alike is left
        out.
    """
    naming = [(first.labels[layer], second.labels[layer]) for layer in layers]
    found = {"labels": _unlike([(first.settings[one], second.settings[other]) for one, other in naming])}
    for analysis in first.records:
        if analysis in second.records and (analysis, analysis) not in naming:
            found[analysis] = _unlike([(first.settings[analysis], second.settings[analysis])])
    found |= {part: _scored_otherwise(first, second, part) for part in _PARTS}
    return {what: names for what, names in found.items() if names}


def _scored_otherwise(first: Side, second: Side, part: str) -> list[str]:
    """Where both have scores of a part of the data: whether they are of other pictures, or tell other classes apart."""
    if not all(any(name.startswith(f"{part}/") for name in side.scores) for side in (first, second)):
        return []
    pictures = [side.pictures.get(_PARTS[part], "") for side in (first, second)]
    classes = [" ".join(map(repr, side.classes)) for side in (first, second)]
    known = {"pictures": pictures, "classes": classes}
    return [name for name, values in known.items() if all(values) and values[0] != values[1]]


def _unlike(pairs: Iterable[tuple[Mapping[str, JSON], Mapping[str, JSON]]]) -> list[str]:
    differing = {name for one, other in pairs for name in _DEPENDED_ON if one.get(name) != other.get(name)}
    return [name for name in _DEPENDED_ON if name in differing]
