"""What must be known of a network before prototypes can be asked of it: its classes, its path, what targets mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from rivalry.data.class_names import distinct
from rivalry.data.dataset import ImageDataset
from rivalry.prototypes.objectives.targets import KnownConcepts, Target, check_numbers, parse_target
from rivalry.prototypes.objectives.values import layers_of
from rivalry.recording.axes import Layers, axes_of_outputs
from rivalry.recording.directions import MARK
from rivalry.recording.hearing import hear_once
from rivalry.recording.layer_maps import LayerMaps
from rivalry.recording.live import Live
from rivalry.recording.path import path_of
from rivalry.recording.taps import resolve_taps
from rivalry.records import Record

MOST = 20
"""Classes that get a prototype where no target was asked for."""


@dataclass(frozen=True)
class Settled:
    """What prototypes are made for, and along which layers they are judged.

    Attributes:
        targets: Each once, in the order in which they were asked for.
        classes: Names of the network's classes, in the order of its logits.
        labelled: Whether labels of the probe set are these classes.
        path: Layers through which everything passes, or those that were chosen.
        maps: How the layers of targets lie on pictures; None where all are classes.
    """

    targets: tuple[Target, ...]
    classes: tuple[str, ...]
    labelled: bool
    path: tuple[str, ...]
    maps: LayerMaps | None

    @property
    def taps(self) -> tuple[str, ...]:
        """Layers that must be heard."""
        own = (target.layer for target in self.targets if target.layer is not None)
        return tuple(dict.fromkeys((*self.path, *own)))


def settle(
    network: nn.Module,
    dataset: ImageDataset,
    asked: Sequence[str] | None,
    layers: Layers | None,
    *,
    axes: Mapping[str, int],
    concepts: str | None = None,
    further: Sequence[str] = (),
) -> Settled:
    """Settle what was asked for by showing the network a picture.

    Args:
        network: Left as it is.
        dataset: The probe set.
        asked: Targets, as :func:`parse_target` takes them; None for the first classes, ``MOST`` of them.
        layers: By which the path is judged; None for all through which everything passes.
        axes: Of units, where they cannot be told (see :func:`rivalry.recording.axes.check_axes`).
        concepts: Folder of a record of concepts, for targets that are concepts.
        further: Layers that must be mapped, too.

    Raises:
        ValueError: For an unknown class, layer, unit or concept, naming the nearest; or a network that cannot take the
            pictures.
    """
    image = dataset[0]["image"]
    count = _count_classes(network, image)
    labelled = len(dataset.classes) == count
    names = tuple(dataset.classes) if labelled else tuple(map(str, range(count)))
    classes = distinct(names, range(count))
    known = None if concepts is None else _concepts_in(concepts)
    texts = [f"class:{name}" for name in classes[:MOST]] if asked is None else asked
    parsed = (parse_target(text, network, classes, known) for text in texts)
    targets = tuple({target.text: target for target in parsed}.values())
    path = path_of(network, image) if layers is None else resolve_taps(network, layers)
    mapped = tuple(dict.fromkeys((*layers_of(targets), *further)))
    maps = LayerMaps.settled(network, mapped, axes, image, vectors=True) if mapped else None
    if maps is not None:
        units = {layer: shape[0] for layer, shape in maps.shapes.items()}
        check_numbers([target for target in targets if target.layer in units], units)
    return Settled(targets, classes, labelled, path, maps)


def _count_classes(network: nn.Module, image: UInt8[Tensor, "3 height width"]) -> int:
    device = next(network.parameters(), torch.zeros(())).device
    try:
        with Live(network) as live:
            logits = live(image[None].to(device).float()).logits
    except (AssertionError, RuntimeError) as error:
        size = f"{image.shape[1]} × {image.shape[2]} pixels"
        raise ValueError(f"{type(network).__name__} cannot take pictures of {size}: {error}") from error
    if logits is None or logits.ndim != 2:
        raise ValueError(f"{type(network).__name__} gives no logits (batch, classes), and prototypes want a classifier")
    return logits.shape[1]


def _concepts_in(folder: str) -> KnownConcepts:
    record = Record.load(Path(folder), tables=["concepts"])
    if "concepts" not in record.tables:
        raise ValueError(f"the record in {folder} holds no concepts; wanted one of a ConceptExtraction")
    return KnownConcepts.of(record.tables["concepts"], folder)


def path_axes(
    network: nn.Module, path: Sequence[str], image: UInt8[Tensor, "3 height width"], given: Mapping[str, int]
) -> dict[str, int]:
    """Axis of channels of every layer of a path, by what it gives for a picture.

    Raises:
        ValueError: Where an axis cannot be told, naming the layer and how to give it.
    """
    square = image.shape[1] == image.shape[2]
    return axes_of_outputs(network, hear_once(network, path, image), given, square=square)


def directed(targets: Sequence[Target]) -> tuple[Target, ...]:
    """Those of the targets that are directions of a layer."""
    return tuple(target for target in targets if target.layer is not None and MARK in target.layer)
