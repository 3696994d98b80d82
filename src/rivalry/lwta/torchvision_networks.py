"""Classifiers of torchvision, introduced as timm's are: each says its images, its classes and its classifier's name."""

from __future__ import annotations

from typing import Any

import torchvision
from torch import nn

from rivalry.numerics.nearest import nearest

PREFIX = "torchvision:"
"""Of a network's name, where others are timm's."""


def check_torchvision(name: str) -> None:
    """Refuse a name that is no classifier of torchvision.

    Raises:
        ValueError: With the nearest names that are.
    """
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        raise ValueError(f"torchvision has no classifier {name!r}; the nearest are {nearest(name, known)}")


def create_torchvision(
    name: str, num_classes: int | None = None, *, pretrained: bool = False, **arguments: Any
) -> nn.Module:
    """Make a classifier of torchvision.

    Args:
        name: As ``torchvision.models`` has it.
        num_classes: By default as many as its published weights know.
        pretrained: Whether to load those weights, which torchvision downloads; a classifier of another number of
            classes is left out.
        **arguments: For torchvision.

    Returns:
        The network, with ``num_classes`` and ``pretrained_cfg``: ``input_size``, ``mean``, ``std``, ``classifier``.

    Raises:
        ValueError: If torchvision has no such classifier.
    """
    check_torchvision(name)
    weights = torchvision.models.get_model_weights(name).DEFAULT
    published = len(weights.meta["categories"])
    wanted = published if num_classes is None else num_classes
    if pretrained:
        network: nn.Module = torchvision.models.get_model(name, weights=weights, **arguments)
        _replace_classifier(network, published, wanted)
    else:
        network = torchvision.models.get_model(name, weights=None, num_classes=wanted, **arguments)
    images = weights.transforms()
    size = (3, *images.crop_size * 2)[:3]
    told = {"input_size": size, "mean": tuple(images.mean), "std": tuple(images.std), "num_classes": wanted}
    network.num_classes = wanted  # type: ignore[assignment]
    network.pretrained_cfg = {"classifier": last_layer(network, wanted), **told}  # type: ignore[assignment]
    return network


def last_layer(network: nn.Module, outputs: int) -> str | None:
    """Dotted name of the last linear layer or convolution that gives so many numbers; None where there is none."""
    widths = {
        name: module.out_features if isinstance(module, nn.Linear) else module.out_channels
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d)
    }
    return next((name for name in reversed(widths) if widths[name] == outputs), None)


def _replace_classifier(network: nn.Module, before: int, wanted: int) -> None:
    name = last_layer(network, before)
    if wanted == before or name is None:
        return
    last = network.get_submodule(name)
    match last:
        case nn.Linear():
            network.set_submodule(name, nn.Linear(last.in_features, wanted), strict=True)
        case nn.Conv2d():
            network.set_submodule(name, nn.Conv2d(last.in_channels, wanted, last.kernel_size[0]), strict=True)
