"""How timm builds a network again: an architecture, plain arguments, and a description of the images that it takes.

A network whose units compete is ``lwta`` on a base, with the competitors of every layer. One whose units do not is what
it was before: of timm it needs no Rivalry to be loaded. Networks that only somebody's own code can build, and towers of
CLIP, have no such description and are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import timm
from torch import nn

from rivalry.export.folder import Configuration, Dissection
from rivalry.lwta.layer import competitions
from rivalry.lwta.turns import places
from rivalry.training.settings import Backbone
from rivalry.training.sources import TORCHVISION, find_source

SPARSE = "lwta"
"""The architecture of networks whose units compete."""

_OF_SPARSE = ("base", "competitors", "where", "evaluation_mode", "sharpness", "input_size")
_OF_IMAGES = ("fixed_input_size", "crop_mode", "first_conv", "classifier")
_INSTALLED = ("timm.", "rivalry.")


@dataclass(frozen=True)
class _Base:
    """What a network is without its competitions: a name that any installation knows, and arguments."""

    name: str
    arguments: dict[str, Any]


def check_describable(backbone: Backbone) -> None:
    """Refuse a network that cannot be built again without somebody's own code.

    Raises:
        ValueError: Naming what can be exported.
    """
    source, _ = find_source(backbone.name)
    if source not in ("timm", TORCHVISION):
        raise ValueError(
            f"{backbone.name} cannot be exported: a dissected checkpoint loads without code of one's own, so its "
            "network is one of timm's or torchvision's (torchvision:NAME)"
        )


def describe_network(network: nn.Module, backbone: Backbone, dissection: Dissection) -> Configuration:
    """What ``config.json`` says.

    Args:
        network: As it is exported.
        backbone: The settings that it was made by.
        dissection: Our part of the file.

    Raises:
        ValueError: For a network that cannot be built again, or arguments that are no JSON.
    """
    check_describable(backbone)
    base = _base_of(network, backbone)
    plain = ":" not in base.name and not competitions(network) and not places(network)
    arguments = (
        base.arguments if plain else {**_sparse_arguments(network, backbone), "base": base.name} | base.arguments
    )
    try:
        json.dumps(arguments, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"arguments of {backbone.name} cannot be written down: {error}") from error
    return Configuration(
        architecture=base.name.partition(".")[0] if plain else SPARSE,
        num_classes=len(dissection.classes),
        model_args=arguments,
        pretrained_cfg=_images_of(network, dissection),
        dissection=dissection,
        more=_informal(network),
    )


def _base_of(network: nn.Module, backbone: Backbone) -> _Base:
    """Name and arguments; what came from a folder or a hub is called by what its own description says."""
    source, _ = find_source(backbone.name)
    if source == TORCHVISION:
        return _Base(backbone.name, {**backbone.arguments, "num_classes": network.num_classes})
    told: Mapping[str, Any] = network._model_args  # type: ignore[assignment]
    arguments = {name: value for name, value in told.items() if name not in _OF_SPARSE}
    arguments["num_classes"] = network.num_classes
    name = told.get("base", backbone.name)
    if ":" in name:
        known: Mapping[str, Any] = network.pretrained_cfg  # type: ignore[assignment]
        name = ".".join(filter(None, (known["architecture"], known.get("tag"))))
    if not timm.models.model_entrypoint(name.partition(".")[0]).__module__.startswith(_INSTALLED):
        raise ValueError(f"{name} is registered with timm by code of one's own, which a folder cannot hold")
    return _Base(name, arguments)


def _sparse_arguments(network: nn.Module, backbone: Backbone) -> dict[str, Any]:
    """Where units compete, layer by layer, so that nothing is left to globs."""
    layers = competitions(network)
    size = {} if backbone.input_size is None else {"input_size": backbone.input_size}
    if not layers:
        return {"competitors": 1, **size}
    return {
        "competitors": {name: layer.competitors for name, layer in layers.items()},
        "where": list(layers),
        "evaluation_mode": "argmax",
        "sharpness": float(next(iter(layers.values())).sharpness),
        **size,
    }


def _images_of(network: nn.Module, dissection: Dissection) -> dict[str, Any]:
    """Timm's ``pretrained_cfg``, without the places that the base's own weights come from."""
    known: Mapping[str, Any] = network.pretrained_cfg  # type: ignore[assignment]
    images = dissection.images
    return {
        **{name: known[name] for name in _OF_IMAGES if known.get(name) is not None},
        "custom_load": False,
        "num_classes": len(dissection.classes),
        "input_size": [3, images.square.side, images.square.side],
        "mean": list(images.mean),
        "std": list(images.std),
        "interpolation": images.square.interpolation,
        "crop_pct": images.square.crop,
    }


def _informal(network: nn.Module) -> dict[str, Any]:
    """What timm's files tell readers beside, where the network knows it."""
    pool = getattr(network, "global_pool", None)
    told = {
        "num_features": getattr(network, "num_features", None),
        "global_pool": pool if isinstance(pool, str) else getattr(pool, "pool_type", None),
    }
    return {name: value for name, value in told.items() if isinstance(value, int | str)}
