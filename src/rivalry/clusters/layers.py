"""Which layers are clustered, and their features at every place of one grid.

By default the last three stages of a convolutional network (NAVE's stages 2, 3 and 4 of a ResNet), and of a vision
transformer, whose blocks all have one grid, three blocks evenly down to the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from rivalry.recording.depths import stack_depths
from rivalry.recording.grid import feature_map

DEPTHS = 3
"""Layers taken by default."""

_STAGES = ("layer2", "layer3", "layer4")


@dataclass(frozen=True)
class Features:
    """Features of some images, on one grid.

    Attributes:
        stacked: All depths.
        widths: Channels of each depth, in their order in ``stacked``.
    """

    stacked: Float[Tensor, "batch height width channels"]
    widths: tuple[int, ...]

    def depths(self) -> list[Float[Tensor, "batch height width channels"]]:
        """Each depth alone; its weight is nothing to its clusters."""
        return list(self.stacked.split(self.widths, dim=3))  # type: ignore[no-untyped-call]


def features_of(
    network: nn.Module,
    outputs: Mapping[str, Tensor],
    axes: Mapping[str, int],
    image_size: tuple[int, int],
    scale: int = 1,
) -> Features:
    """Stack what layers gave for a batch.

    Args:
        network: Says how its tokens are laid out.
        outputs: Of each layer, from shallow to deep.
        axes: Axis of units of each layer.
        image_size: Height and width of the pictures.
        scale: How much finer than the first layer's grid the common one is.

    Raises:
        ValueError: For a layer without places, naming it.
    """
    maps = []
    for layer, output in outputs.items():
        try:
            maps.append(feature_map(network, output, image_size, axes[layer]))
        except ValueError as error:
            raise ValueError(f"layer {layer!r} cannot be clustered: {error}") from error
    height, width = maps[0].shape[2:]
    stacked = stack_depths(maps, (height * scale, width * scale))
    return Features(stacked, tuple(one.shape[1] for one in maps))


def default_layers(network: nn.Module) -> tuple[str, ...]:
    """The layers to cluster of a network that tells its stages, as timm's do.

    Raises:
        ValueError: Of one that does not: its layers must be named.

    >>> import timm
    >>> default_layers(timm.create_model("resnet18"))
    ('layer2', 'layer3', 'layer4')
    >>> default_layers(timm.create_model("deit_tiny_patch16_224"))
    ('blocks.3', 'blocks.7', 'blocks.11')
    """
    there = {name for name, _ in network.named_modules()}
    stages = [stage for stage in _said_stages(network) if stage["module"] in there]
    names = [str(stage["module"]) for stage in stages]
    if len({stage.get("reduction") for stage in stages}) == 1:
        return _evenly(names)
    if names:
        return tuple(names[-DEPTHS:])
    if there.issuperset(_STAGES):
        return _STAGES
    raise ValueError(
        f"{type(network).__name__} does not say what its stages are: name layers to cluster, as in "
        f"layers: [{', '.join([name for name, _ in network.named_children()][:DEPTHS])}]"
    )


def _said_stages(network: nn.Module) -> Sequence[Mapping[str, Any]]:
    """What timm's networks say of their stages."""
    said: Any = getattr(network, "feature_info", None)
    return said if isinstance(said, list) else []


def _evenly(names: Sequence[str]) -> tuple[str, ...]:
    """Some of the blocks, evenly and with the last."""
    count = min(DEPTHS, len(names))
    return tuple(names[-(-len(names) * (place + 1) // count) - 1] for place in range(count))
