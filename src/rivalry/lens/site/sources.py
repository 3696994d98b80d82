"""Which records speak of a layer: of every analysis the last that holds it, and all of them for its history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rivalry.lens.site.columns import UnitColumns, layers_in, units_of
from rivalry.lens.site.kinds import Kind
from rivalry.lens.site.shelf import Shelf, Volume

UNIT_KINDS: tuple[Kind, ...] = ("activity", "neurons", "profiles", "detectors", "basis", "watermark")
"""Records with a table of units: these have pages."""

_TOLD = ("neurons", "profiles", "concepts", "prototypes", "emergence")


def last_of(shelf: Shelf, kind: Kind, *, epoch: int | None = None) -> list[Volume]:
    """Of every analysis of a kind its last record, or the last that is not after an epoch."""
    found = [shelf.last(kind, name, epoch=epoch) for name in shelf.names(kind)]
    return [volume for volume in found if volume is not None]


def speaking_of(shelf: Shelf, kind: Kind, layer: str, *, epoch: int | None = None) -> list[Volume]:
    """Of every analysis of a kind its last record, where it has units of a layer."""
    return [volume for volume in last_of(shelf, kind, epoch=epoch) if layer in layers_in(volume)]


def over_epochs(shelf: Shelf, kind: Kind, name: str, layer: str) -> list[Volume]:
    """The records of an analysis that have units of a layer, one an epoch: the last that tells of it."""
    own = {volume.epoch: volume for volume in shelf.of(kind, name) if layer in layers_in(volume)}
    return [own[epoch] for epoch in sorted(own)]


def unit_volumes(shelf: Shelf) -> list[Volume]:
    """All records of which pages of units show something."""
    return [volume for volume in shelf.volumes if volume.kind in {*UNIT_KINDS, *_TOLD}]


def layers_of(shelf: Shelf, *, epoch: int | None = None) -> dict[str, list[UnitColumns]]:
    """All layers with units, in the network's order as far as records tell it, and the tables that have them."""
    found: dict[str, list[UnitColumns]] = {}
    orders = []
    for kind in UNIT_KINDS:
        for volume in last_of(shelf, kind, epoch=epoch):
            table = units_of(volume, ())
            orders.append(list(table.places))
            for layer in table.places:
                found.setdefault(layer, []).append(table)
    return {layer: found[layer] for layer in _merged(orders)}


def competitors_of(volumes: Iterable[Volume], layer: str) -> int | None:
    """Units in a block of a layer, as the first record says that knows; None where none says, 1 without competition."""
    for volume in volumes:
        told = setting(volume, "competitors")
        if isinstance(told, Mapping) and layer in setting_list(volume, "layers"):
            number = told.get(layer, 1)
            return number if isinstance(number, int) and number > 0 else None
    return None


def setting(volume: Volume, name: str) -> Any:
    """A setting of a record, None where it has none."""
    return volume.settings.get(name)


def setting_list(volume: Volume, name: str) -> Sequence[Any]:
    """A setting that is a list, empty where it is none."""
    told = setting(volume, name)
    return told if isinstance(told, list) else []


def _merged(orders: Iterable[Sequence[str]]) -> list[str]:
    """One order of all: what a later list has more comes behind what it follows there."""
    merged: list[str] = []
    for order in orders:
        place = 0
        for name in order:
            if name not in merged:
                merged.insert(place, name)
            place = merged.index(name) + 1
    return merged
