"""Networks from settings: timm's by name, weights from a file or a tag, activations replaced by competitions."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from rivalry.data.paths import expand
from rivalry.lwta.layer import competitions
from rivalry.lwta.networks import lwta
from rivalry.training.settings import Backbone


def build_network(backbone: Backbone, num_classes: int | None) -> nn.Module:
    """Build what the settings say.

    A classifier of another number of classes in the weight file is left out; everything else must fit exactly.
    ``num_classes=None`` keeps the number that the network is known by.

    Raises:
        ValueError: For an unknown network, a missing weight file, or weights of another network.
    """
    known_network(backbone.name)
    classes = {} if num_classes is None else {"num_classes": num_classes}
    network: nn.Module = lwta(
        pretrained=backbone.weights == "pretrained",
        base=backbone.name,
        competitors=backbone.competitors,
        where=backbone.where,
        **classes,
        **backbone.arguments,
    )
    if backbone.weights not in ("none", "pretrained"):
        load_weights(network, expand(backbone.weights))
    return network


def known_network(name: str) -> str:
    """The name, if timm knows it (tags after a dot aside)."""
    architecture = name.split(".", 1)[0]
    if ":" not in name and not timm.is_model(architecture):
        close = difflib.get_close_matches(architecture, timm.list_models(), n=3)
        raise ValueError(f"timm knows no network {name!r}; the nearest are {', '.join(close) or 'none'}")
    return name


def load_weights(network: nn.Module, path: Path) -> list[str]:
    """Load a file of plain tensors into a network; returns the keys of a classifier that was left out.

    Raises:
        ValueError: If there is no such file, or its keys or shapes are another network's.
    """
    weights = _read(path)
    own = network.state_dict()
    classifier = tuple(f"{name}." for name in _classifier_names(network))
    left_out = [
        key for key in weights if key.startswith(classifier) and key in own and weights[key].shape != own[key].shape
    ]
    weights = {key: value for key, value in weights.items() if key not in left_out}
    missing = sorted(set(own) - set(weights) - set(left_out) - {k for k in own if k.endswith("num_batches_tracked")})
    surplus = sorted(set(weights) - set(own))
    unlike = sorted(key for key in weights if key in own and weights[key].shape != own[key].shape)
    if missing or surplus or unlike:
        raise ValueError(
            f"{path} holds weights of another network than {type(network).__name__}: {len(missing)} keys are missing"
            f"{_such_as(missing)}, {len(surplus)} unknown{_such_as(surplus)}, {len(unlike)} of another shape"
            f"{_such_as(unlike)}"
        )
    network.load_state_dict(weights, strict=False)
    return left_out


def describe(name: str, network: nn.Module) -> str:
    """A line on a network: its size, and where and how its units compete."""
    millions = sum(p.numel() for p in network.parameters()) / 1e6
    layers = competitions(network)
    if not layers:
        return f"{name}: {millions:.2f} M parameters, no competition (the dense twin)."
    by_size: dict[int, list[str]] = {}
    for place, layer in layers.items():
        by_size.setdefault(layer.competitors, []).append(place)
    parts = [
        f"U = {size} in {len(places)} layers ({places[0]}{' … ' + places[-1] if len(places) > 1 else ''})"
        for size, places in by_size.items()
    ]
    return f"{name}: {millions:.2f} M parameters; units compete with {', '.join(parts)}."


def normalisation_of(network: nn.Module) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of the channels, in [0, 1], as timm's ``pretrained_cfg`` of the network says."""
    configuration: dict[str, Any] = getattr(network, "pretrained_cfg", None) or {}
    return tuple(configuration.get("mean", (0.5,) * 3)), tuple(configuration.get("std", (0.5,) * 3))


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        near = sorted(path.parent.glob(f"*{path.suffix}"))[:3] if path.parent.is_dir() else []
        raise ValueError(f"there is no weight file {path}{_such_as([str(p) for p in near])}")
    if path.suffix == ".safetensors":
        return load_file(path)
    stored = torch.load(path, map_location="cpu", weights_only=True)
    weights: dict[str, Tensor] = stored.get("state_dict", stored)
    return {key.removeprefix("network."): value for key, value in weights.items()}


def _classifier_names(network: nn.Module) -> list[str]:
    names = (getattr(network, "pretrained_cfg", None) or {}).get("classifier") or ()
    return [names] if isinstance(names, str) else list(names)


def _such_as(names: list[str]) -> str:
    return f" (such as {', '.join(names[:3])})" if names else ""
