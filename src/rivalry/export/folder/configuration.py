"""``config.json``: timm's description of a network, with one key of ours, ``dissection``.

::

    {"architecture": "lwta", "num_classes": 8, "num_features": 512, "global_pool": "avg",
     "label_names": ["car", …],                                   as timm has them
     "model_args": {"base": "resnet18", "competitors": {"act1": 4, …}, "where": ["act1", …], …},
     "pretrained_cfg": {"input_size": [3, 64, 64], "mean": […], "std": […], "interpolation": …, "crop_pct": …, …},
     "dissection": {"version": 1, "rivalry": "0.1.0", "evaluation_mode": "argmax", "epoch": 4, "step": 310,
                    "classes": ["car", …],
                    "layers": {"act1": {"units": 64, "competitors": 4, "axis": 1, "dissected": false}, …},
                    "images": {"side": 64, "crop": 1.0, "interpolation": "bicubic", "mean": […], "std": […]},
                    "records": [{"name": "neurons", "epoch": 4}, …]}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rivalry.export.folder.images import Images
from rivalry.export.folder.layout import RECORDS, VERSION
from rivalry.export.folder.plain import among, entry, items, mapping, text, truth, whole
from rivalry.records import check_record_name

_ROOT = "config.json"
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


@dataclass(frozen=True)
class Configuration:
    """``config.json``.

    Attributes:
        architecture: Name under which timm builds the network.
        num_classes: Numbers that it gives for an image.
        model_args: Plain arguments for its builder.
        pretrained_cfg: timm's description of the weights and of the images.
        dissection: What the rest of the folder speaks of.
        more: What else stands there for timm: ``num_features``, ``global_pool`` …

    Raises:
        ValueError: If there are other than ``num_classes`` classes.
    """

    architecture: str
    num_classes: int
    model_args: Mapping[str, Any]
    pretrained_cfg: Mapping[str, Any]
    dissection: Dissection
    more: Mapping[str, Any]

    def __post_init__(self) -> None:
        if (named := len(self.dissection.classes)) != self.num_classes:
            raise ValueError(f"{_ROOT}: num_classes is {self.num_classes}, and {named} classes have names")

    def to_json(self) -> dict[str, Any]:
        """As the file holds it."""
        return {
            "architecture": self.architecture,
            "num_classes": self.num_classes,
            **self.more,
            "label_names": list(self.dissection.classes),
            "model_args": dict(self.model_args),
            "pretrained_cfg": dict(self.pretrained_cfg),
            "dissection": self.dissection.to_json(),
        }

    @classmethod
    def from_json(cls, value: Any) -> Configuration:
        """Read it back.

        Raises:
            ValueError: If it is no dissected checkpoint's, of another version, or something is of another kind.
        """
        told = mapping(value, _ROOT)
        if "dissection" not in told:
            raise ValueError(f"{_ROOT} has no 'dissection': this is no dissected checkpoint of rivalry's")
        dissection = Dissection.from_json(told["dissection"])
        own = {"architecture", "num_classes", "label_names", "model_args", "pretrained_cfg", "dissection"}
        return cls(
            architecture=text(entry(told, "architecture", _ROOT), f"{_ROOT}: architecture"),
            num_classes=whole(entry(told, "num_classes", _ROOT), f"{_ROOT}: num_classes", least=1),
            model_args=mapping(entry(told, "model_args", _ROOT), f"{_ROOT}: model_args"),
            pretrained_cfg=mapping(entry(told, "pretrained_cfg", _ROOT), f"{_ROOT}: pretrained_cfg"),
            dissection=dissection,
            more={key: one for key, one in told.items() if key not in own},
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
