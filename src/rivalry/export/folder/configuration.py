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
from typing import Any

from rivalry.export.folder.dissection import Dissection
from rivalry.export.folder.plain import entry, mapping, text, whole

_ROOT = "config.json"


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
