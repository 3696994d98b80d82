"""Networks from settings: a source by name, weights from it or from a file, activations replaced by competitions."""

from __future__ import annotations

from typing import Any

from torch import nn

from rivalry.data.paths import expand
from rivalry.lwta.activations import activation_names
from rivalry.lwta.layer import competitions
from rivalry.lwta.surgery import sparsify
from rivalry.lwta.survey import example_image
from rivalry.training.settings import Backbone
from rivalry.training.sources import UNKNOWN_IMAGES, create_network
from rivalry.training.weights import load_weights


def build_network(backbone: Backbone, num_classes: int | None) -> nn.Module:
    """Build what the settings say.

    A classifier of another number of classes in the weight file is left out; everything else must fit exactly.
    ``num_classes=None`` keeps the number that the network is known by.

    Raises:
        ValueError: For an unknown network, a missing weight file, or weights of another network.
    """
    network = create_network(
        backbone.name,
        num_classes,
        pretrained=backbone.weights == "pretrained",
        arguments=backbone.arguments,
        size=backbone.input_size,
    )
    given = {"mean": backbone.mean, "std": backbone.std}
    told: dict[str, Any] = getattr(network, "pretrained_cfg", None) or {}
    network.pretrained_cfg = {**told, **{key: tuple(value) for key, value in given.items() if value}}  # type: ignore[assignment]
    arguments = backbone.arguments
    size = backbone.input_size or arguments.get("img_size")
    example = example_image(network, size=size, channels=arguments.get("in_chans"))
    sparsify(network, backbone.competitors, backbone.where, example=example)
    if backbone.weights not in ("none", "pretrained"):
        load_weights(network, expand(backbone.weights))
    return network


def describe(name: str, network: nn.Module) -> str:
    """A line on a network: its size, where and how its units compete, and which activations stay as they are."""
    millions = sum(p.numel() for p in network.parameters()) / 1e6
    layers = competitions(network)
    if not layers:
        return f"{name}: {millions:.2f} M parameters, no competition (the dense twin)."
    by_size: dict[int, list[str]] = {}
    for place, layer in layers.items():
        by_size.setdefault(layer.competitors, []).append(place)
    parts = [f"U = {size} in {_layers(places)}" for size, places in by_size.items()]
    dense = [place for place in activation_names(network) if place not in layers]
    rest = f"; {_layers(dense)} stay as they are" if dense else ""
    return f"{name}: {millions:.2f} M parameters; units compete with {', '.join(parts)}{rest}."


def normalisation_of(network: nn.Module) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of the channels, in [0, 1], as the network's ``pretrained_cfg`` says."""
    configuration: dict[str, Any] = {**UNKNOWN_IMAGES, **(getattr(network, "pretrained_cfg", None) or {})}
    return tuple(configuration["mean"]), tuple(configuration["std"])


def _layers(places: list[str]) -> str:
    named = places[0] + (f" … {places[-1]}" if len(places) > 1 else "")
    return f"{len(places)} layer{'s' if len(places) > 1 else ''} ({named})"
