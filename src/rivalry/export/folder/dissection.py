"""What ``config.json`` says under ``dissection``: layers, classes, pictures and records of a dissected checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rivalry.export.folder.images import Images
from rivalry.export.folder.layout import RECORDS, VERSION
from rivalry.export.folder.plain import among, entry, items, mapping, text, truth, whole
from rivalry.records import check_record_name

_PLACE = "config.json: dissection"


@dataclass(frozen=True)
class DissectedLayer:
    """A layer that competes, or whose units have labels.

    Attributes:
        units: Channels or features that it gives, 1 or more.
        competitors: Units in a block, U; 1 where nothing competes.
        axis: Of its output, along which the units lie, counted from 0, the batch: 1 for maps, 2 for tokens.
        dissected: Whether its units have rows in ``neurons.parquet``.
    """

    units: int
    competitors: int
    axis: int
    dissected: bool

    def __post_init__(self) -> None:
        if self.units < 1 or self.competitors < 1 or self.units % self.competitors:
            raise ValueError(f"{_PLACE}.layers: {self.units} units are no blocks of {self.competitors}")


@dataclass(frozen=True)
class StoredRecord:
    """A record that lies in the folder.

    Attributes:
        name: Of the analysis.
        epoch: Of training.
    """

    name: str
    epoch: int

    @property
    def path(self) -> str:
        """Its folder, seen from the checkpoint's, with slashes."""
        return f"{RECORDS}/epoch={self.epoch:04d}/{self.name}"


@dataclass(frozen=True)
class Dissection:
    """What ``config.json`` says under ``dissection``.

    Attributes:
        rivalry: Version of the package that has written the folder.
        epoch: Of training, 0 or more.
        step: Optimiser steps done.
        classes: Names of the classes, in the order of the logits.
        layers: Those that compete and those that were dissected, in the network's order.
        images: How pictures become inputs.
        records: What lies in ``records/``.
        evaluation_mode: How winners are found: deterministically, by the strongest.
    """

    rivalry: str
    epoch: int
    step: int
    classes: tuple[str, ...]
    layers: Mapping[str, DissectedLayer]
    images: Images
    records: tuple[StoredRecord, ...]
    evaluation_mode: Literal["argmax"] = "argmax"

    @property
    def dissected(self) -> tuple[str, ...]:
        """Names of the layers whose units have labels."""
        return tuple(name for name, layer in self.layers.items() if layer.dissected)

    def to_json(self) -> dict[str, Any]:
        """As it stands in ``config.json``."""
        return {
            "version": VERSION,
            "rivalry": self.rivalry,
            "evaluation_mode": self.evaluation_mode,
            "epoch": self.epoch,
            "step": self.step,
            "classes": list(self.classes),
            "layers": {name: vars(layer) for name, layer in self.layers.items()},
            "images": self.images.to_json(),
            "records": [vars(record) for record in self.records],
        }

    @classmethod
    def from_json(cls, value: Any) -> Dissection:
        """Read it back.

        Raises:
            ValueError: If the version is another, or something is missing or of another kind.
        """
        told = mapping(value, _PLACE)
        written_by = told.get("rivalry", "unknown")
        if (version := entry(told, "version", _PLACE)) != VERSION:
            raise ValueError(
                f"this dissected checkpoint has version {version!r} of the format and was written by rivalry "
                f"{written_by!r}; this rivalry reads version {VERSION}: install one that is as new as its writer"
            )
        among(entry(told, "evaluation_mode", _PLACE), Literal["argmax"], f"{_PLACE}.evaluation_mode")
        layers = mapping(entry(told, "layers", _PLACE), f"{_PLACE}.layers")
        return cls(
            rivalry=text(written_by, f"{_PLACE}.rivalry"),
            epoch=whole(entry(told, "epoch", _PLACE), f"{_PLACE}.epoch"),
            step=whole(entry(told, "step", _PLACE), f"{_PLACE}.step"),
            classes=_classes(entry(told, "classes", _PLACE)),
            layers={name: _layer(one, f"{_PLACE}.layers[{name!r}]") for name, one in layers.items()},
            images=Images.from_json(entry(told, "images", _PLACE)),
            records=_records(entry(told, "records", _PLACE)),
        )


def _classes(value: Any) -> tuple[str, ...]:
    return tuple(text(one, f"{_PLACE}.classes[{place}]") for place, one in enumerate(items(value, f"{_PLACE}.classes")))


def _layer(value: Any, place: str) -> DissectedLayer:
    told = mapping(value, place)
    return DissectedLayer(
        units=whole(entry(told, "units", place), f"{place}.units", least=1),
        competitors=whole(entry(told, "competitors", place), f"{place}.competitors", least=1),
        axis=whole(entry(told, "axis", place), f"{place}.axis", least=1),
        dissected=truth(entry(told, "dissected", place), f"{place}.dissected"),
    )


def _records(value: Any) -> tuple[StoredRecord, ...]:
    found = []
    for number, one in enumerate(items(value, f"{_PLACE}.records")):
        place = f"{_PLACE}.records[{number}]"
        told = mapping(one, place)
        name = text(entry(told, "name", place), f"{place}.name")
        check_record_name(name)
        found.append(StoredRecord(name, whole(entry(told, "epoch", place), f"{place}.epoch")))
    return tuple(found)
