"""Where networks come from, by one name: timm, torchvision, open_clip, or a factory of one's own.

=================================== ====================================================================================
name                                network
=================================== ====================================================================================
``resnet18``, ``hf-hub:…``          timm's, with or without a tag, a hub or a ``local-dir:`` in front
``torchvision:resnet18``            torchvision's classifiers
``open_clip:ViT-B-32/openai``       the image tower of a CLIP under a new linear layer; ``open_clip:FOLDER`` as well
``package.module.factory``          whatever ``nn.Module`` a function or class makes
=================================== ====================================================================================

Whatever the source, a network then says ``num_classes`` and, in timm's form of a ``pretrained_cfg``, what images it
expects. Nothing is downloaded unless pretrained weights are asked for.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import open_clip
import timm
import torch
from jaxtyping import Float
from torch import Tensor, nn

import rivalry.lwta.networks  # noqa: F401  (registers the networks with timm)
from rivalry.clip.towers import check_clip
from rivalry.data.paths import expand
from rivalry.lwta.survey import example_image, still
from rivalry.lwta.torchvision_networks import check_torchvision, create_torchvision, last_layer
from rivalry.numerics.nearest import nearest

UNKNOWN_IMAGES = {"input_size": (3, 224, 224), "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
"""What is supposed of a network that does not say what images it expects."""

TORCHVISION, OPEN_CLIP, FACTORY = "torchvision", "open_clip", "factory"
_TIMM = ("hf-hub", "hf_hub", "local-dir")
_LOCAL = "local-dir:"


class ImageTower(nn.Module):
    """The image tower of a CLIP, and a linear layer on its features.

    Args:
        visual: The tower.
        num_classes: Outputs of the linear layer; None for the features themselves.
        features: Numbers that the tower gives.
    """

    def __init__(self, visual: nn.Module, num_classes: int | None, features: int) -> None:
        super().__init__()
        self.visual = visual
        self.head = nn.Identity() if num_classes is None else nn.Linear(features, num_classes)

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Logits."""
        logits: Tensor = self.head(self.visual(images))
        return logits


def create_network(
    name: str, num_classes: int | None, *, pretrained: bool, arguments: Mapping[str, Any], size: int | None = None
) -> nn.Module:
    """Make a dense network.

    Args:
        name: As above.
        num_classes: Of its classifier; None for as many as the network is known by.
        pretrained: Whether its source loads weights, and downloads them where it has not got them.
        arguments: More for whoever makes it.
        size: Side of the images that a factory's network is tried with; by default what it says, else 224.

    Raises:
        ValueError: For an unknown name, arguments that do not fit, or a network that gives no logits of the classes.
    """
    source, rest = find_source(name)
    makers = {TORCHVISION: _from_torchvision, OPEN_CLIP: _from_open_clip, FACTORY: _from_factory}
    try:
        network = makers.get(source, _from_timm)(rest, num_classes, pretrained, arguments)
    except TypeError as error:
        raise ValueError(f"{name} cannot be made with arguments {dict(arguments)}: {error}") from error
    if source != "timm":
        _introduce(network, name, num_classes, size)
    return network


def find_source(name: str) -> tuple[str, str]:
    """Source and name there.

    Raises:
        ValueError: If the name is nowhere known; with the nearest names that are.

    >>> find_source("torchvision:resnet18"), find_source("resnet18.a1_in1k")
    (('torchvision', 'resnet18'), ('timm', 'resnet18.a1_in1k'))
    """
    source, colon, rest = name.partition(":")
    if colon and source not in (TORCHVISION, OPEN_CLIP, *_TIMM):
        known = [f"{one}:" for one in (TORCHVISION, OPEN_CLIP, *_TIMM)]
        raise ValueError(f"{name!r}: no networks come from {source!r}; the nearest are {nearest(source, known)}")
    if colon and source == TORCHVISION:
        check_torchvision(rest)
        return source, rest
    if colon and source == OPEN_CLIP:
        _known_clip(rest)
        return source, rest
    architecture = name.split(".", 1)[0]
    if colon or timm.is_model(architecture):
        return "timm", name
    if "." in name:
        _find_factory(name)
        return FACTORY, name
    raise ValueError(f"timm knows no network {name!r}; the nearest are {nearest(name, timm.list_models())}")


def _from_timm(name: str, num_classes: int | None, pretrained: bool, arguments: Mapping[str, Any]) -> nn.Module:
    network: nn.Module = timm.create_model(name, pretrained=pretrained, **_classes(num_classes), **arguments)
    return network


def _from_torchvision(name: str, num_classes: int | None, pretrained: bool, arguments: Mapping[str, Any]) -> nn.Module:
    return create_torchvision(name, num_classes, pretrained=pretrained, **arguments)


def _from_open_clip(name: str, num_classes: int | None, pretrained: bool, arguments: Mapping[str, Any]) -> nn.Module:
    model, weights = _known_clip(name)
    if weights is None and pretrained and not model.startswith(_LOCAL):
        tags = open_clip.list_pretrained_tags_by_model(model)
        raise ValueError(f"open_clip:{model} has several weights: open_clip:{model}/WEIGHTS, one of {', '.join(tags)}")
    text = (open_clip.get_model_config(model) or {}).get("text_cfg", {}).get("hf_model_name")
    if text and not pretrained and not model.startswith(_LOCAL):
        raise ValueError(f"open_clip:{model} comes with a text tower, {text!r} of Hugging Face, that needs a download")
    clip: Any = open_clip.create_model(
        model, pretrained=weights if pretrained else None, load_weights=pretrained, pretrained_text=False, **arguments
    )
    images = open_clip.get_model_preprocess_cfg(clip)
    size = images["size"]
    known = {"input_size": (3, *((size, size) if isinstance(size, int) else size))}
    known |= {"mean": tuple(images["mean"]), "std": tuple(images["std"])}
    clip.visual.pretrained_cfg = known
    tower = ImageTower(clip.visual, num_classes, _count_outputs(clip.visual, f"the image tower of {name}", None))
    tower.pretrained_cfg = known  # type: ignore[assignment]
    return tower


def _from_factory(name: str, num_classes: int | None, pretrained: bool, arguments: Mapping[str, Any]) -> nn.Module:
    if pretrained:
        raise ValueError(f"where {name} has pretrained weights is not known: give a file, or what the factory takes")
    factory = _find_factory(name)
    takes = inspect.signature(factory).parameters
    any_name = any(one.kind is one.VAR_KEYWORD for one in takes.values())
    network = factory(**(_classes(num_classes) if any_name or "num_classes" in takes else {}), **arguments)
    if not isinstance(network, nn.Module):
        raise ValueError(f"{name} makes a {type(network).__name__}; wanted an nn.Module")
    return network


def _find_factory(name: str) -> Callable[..., Any]:
    module_name, _, attribute = name.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{name!r} is neither a network of timm (the nearest are {nearest(name, timm.list_models())}) nor a factory"
            f" that Python can import: there is no module {error.name!r}; PYTHONPATH=. finds those of this folder"
        ) from error
    known = [one for one in dir(module) if not one.startswith("_") and callable(getattr(module, one))]
    if attribute not in known:
        raise ValueError(f"{module_name} has no factory {attribute!r}; the nearest are {nearest(attribute, known)}")
    factory: Callable[..., Any] = getattr(module, attribute)
    return factory


def _known_clip(name: str) -> tuple[str, str | None]:
    """Model and weights by open_clip's names; the weights of a folder lie in it."""
    folder = expand(name.removeprefix(_LOCAL))
    if name.startswith(_LOCAL) or folder.is_dir():
        check_clip(f"{_LOCAL}{folder}")
        return f"{_LOCAL}{folder}", None
    model, _, weights = name.partition("/")
    if model not in open_clip.list_models():
        raise ValueError(
            f"open_clip:{name}: there is no such folder, and open_clip has no model {model!r}; the nearest are "
            f"{nearest(model, open_clip.list_models())}"
        )
    tags = open_clip.list_pretrained_tags_by_model(model)
    if weights and weights not in tags:
        raise ValueError(f"open_clip has no weights {weights!r} of {model}; the nearest are {nearest(weights, tags)}")
    return model, weights or None


def _introduce(network: nn.Module, name: str, num_classes: int | None, size: int | None) -> None:
    """Let a network say its number of classes, its images, and where its classifier is, as timm's do."""
    told: dict[str, Any] = getattr(network, "pretrained_cfg", None) or {}
    network.pretrained_cfg = {**UNKNOWN_IMAGES, **told}  # type: ignore[assignment]
    outputs = _count_outputs(network, name, size)
    if num_classes is not None and outputs != num_classes:
        raise ValueError(f"{name} gives {outputs} numbers an image, and there are {num_classes} classes")
    network.num_classes = outputs  # type: ignore[assignment]
    last = last_layer(network, outputs)
    network.pretrained_cfg = {"classifier": last, **network.pretrained_cfg}  # type: ignore[assignment, dict-item]


def _count_outputs(network: nn.Module, name: str, size: int | None) -> int:
    with still(network), torch.no_grad():
        output = network(example_image(network, size=size))
    if not isinstance(output, Tensor) or output.ndim != 2:
        shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ValueError(f"{name} gives {shape} for an image; a classifier gives (1, classes)")
    return output.shape[1]


def _classes(num_classes: int | None) -> dict[str, Any]:
    return {} if num_classes is None else {"num_classes": num_classes}
