"""What is maximised: the logit of a class, or what a unit or direction gives, on average or at the centre.

value = logit_c(x)      mean over places p of a_u(p)      a_u(centre)      the same of z_d = x_p · w_d − b_d
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.numerics.nearest import nearest
from rivalry.prototypes.objectives.targets import Target
from rivalry.recording.directions import Directions, part
from rivalry.recording.layer_maps import LayerMaps, Maps
from rivalry.recording.live import Heard

Reading = Literal["mean", "centre"]
"""Which places of a layer count: all of them alike, or the one at the centre."""


def check_reading(reading: str) -> None:
    """Raise a ``ValueError`` for a way in which no layer is read.

    >>> check_reading("mean")
    """
    if reading not in get_args(Reading):
        raise ValueError(f"unknown reading {reading!r}; nearest: {nearest(reading, get_args(Reading))}")


@dataclass(frozen=True)
class Readout:
    """How the values of targets are read from what a network made of pictures.

    Attributes:
        maps: How the layers of the targets lie on pictures; None where all targets are classes.
        directions: Of those of the targets' layers that are directions, by name (``layer3@basis``).
        reading: Which places of a layer count.

    Raises:
        ValueError: For an unknown reading.
    """

    maps: LayerMaps | None = None
    directions: Mapping[str, Directions] = field(default_factory=dict)
    reading: Reading = "mean"

    def __post_init__(self) -> None:
        check_reading(self.reading)

    def values(self, targets: Sequence[Target], heard: Heard, size: tuple[int, int]) -> Float[Tensor, " batch"]:
        """The value of each image for its own target.

        Args:
            targets: One an image.
            heard: What the network made of the images.
            size: Height and width of the images.
        """
        own = {} if self.maps is None else {name: heard.outputs[name] for name in layers_of(targets)}
        maps = {} if self.maps is None else self.maps.of(own, size)
        return values(targets, heard.logits, maps, self.directions, self.reading)


def layers_of(targets: Sequence[Target]) -> tuple[str, ...]:
    """The network's layers that must be heard for the values of targets, each once.

    >>> layers_of([Target("direction", 4, "layer3@basis:4", "layer3@basis"), Target("class", 0, "car")])
    ('layer3',)
    """
    return tuple(dict.fromkeys(part(target.layer)[0] for target in targets if target.layer is not None))


def values(
    targets: Sequence[Target],
    logits: Float[Tensor, "batch classes"] | None,
    maps: Maps,
    directions: Mapping[str, Directions],
    reading: Reading = "mean",
) -> Float[Tensor, " batch"]:
    """The value of each image for its own target; gradients pass to logits and maps.

    Args:
        targets: One an image.
        logits: Needed for classes.
        maps: Of the layers, by the network's own names.
        directions: By name of the layer of directions.
        reading: Which places of a layer count.

    >>> values([Target("class", 1, "dog")], torch.tensor([[0.0, 3.0]]), {}, {})
    tensor([3.])
    """
    parts, rows = [], []
    for layer in dict.fromkeys(target.layer for target in targets):
        own = [row for row, target in enumerate(targets) if target.layer == layer]
        numbers = torch.tensor([targets[row].number for row in own])
        if layer is None:
            if logits is None:
                raise ValueError("the value of a class is its logit, and the network was run without")
            found = logits[own, numbers]
        else:
            found = read(_units(maps[part(layer)[0]][own], numbers, directions.get(layer)), reading)
        parts.append(found.float())
        rows.extend(own)
    back = torch.tensor(rows).argsort()
    return torch.cat(parts)[back.to(parts[0].device)]


def _units(maps: Tensor, numbers: Tensor, directions: Directions | None) -> Tensor:
    """The map of each image's own unit, (batch, height, width)."""
    if directions is not None:
        wanted, numbers = torch.unique(numbers, return_inverse=True)
        wanted = wanted.to(directions.weights.device)
        maps = Directions(directions.weights[:, wanted], directions.bias[wanted]).of(maps)
    return maps[torch.arange(len(maps), device=maps.device), numbers.to(maps.device)]


def read(maps: Float[Tensor, "*units height width"], reading: Reading) -> Float[Tensor, "*units"]:
    """The value of each map: its mean over places, or what stands at the centre."""
    return maps.mean((-2, -1)) if reading == "mean" else maps[..., maps.shape[-2] // 2, maps.shape[-1] // 2]
