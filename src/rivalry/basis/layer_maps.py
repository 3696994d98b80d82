"""The layers of a network as maps over its pictures: tokens lie on their grid, units along axis 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jaxtyping import Float, UInt8
from torch import Tensor, nn

from rivalry.recording.axes import axes_of_outputs
from rivalry.recording.grid import feature_map
from rivalry.recording.hearing import hear_once

Maps = Mapping[str, Float[Tensor, "batch _ _ _"]]
"""Maps (batch, channels, height, width) of some pictures, by layer."""

Shape = tuple[int, int, int]
"""Channels, height and width of a layer's maps."""


@dataclass(frozen=True)
class LayerMaps:
    """How the outputs of some layers lie on the pictures.

    Attributes:
        network: Says how its tokens are laid out.
        axes: Axis of units of each layer.
        shapes: Of the maps of each layer.
    """

    network: nn.Module
    axes: Mapping[str, int]
    shapes: Mapping[str, Shape]

    @classmethod
    def settled(
        cls, network: nn.Module, layers: Sequence[str], given: Mapping[str, int], image: UInt8[Tensor, "3 height width"]
    ) -> LayerMaps:
        """Find out by showing the network a picture.

        Args:
            network: Left as it is.
            layers: Dotted names or globs.
            given: Axes of units that the user gave (see :func:`rivalry.recording.axes.check_axes`).
            image: Any of the pictures.

        Raises:
            ValueError: For an unknown layer, one without places, or one whose axis of units cannot be told.
        """
        size = image.shape[1], image.shape[2]
        outputs = hear_once(network, layers, image)
        axes = axes_of_outputs(network, outputs, given, square=size[0] == size[1])
        maps = cls(network, axes, {}).of(outputs, size)
        return cls(network, axes, {layer: (one.shape[1], *one.shape[2:]) for layer, one in maps.items()})

    def of(self, outputs: Mapping[str, Tensor], size: tuple[int, int]) -> Maps:
        """What layers gave, or the winners of their blocks, as maps of floating-point numbers.

        Args:
            outputs: By layer.
            size: Height and width of the pictures.

        Raises:
            ValueError: For a layer without places, naming it.
        """
        maps = {}
        for layer, output in outputs.items():
            try:
                maps[layer] = feature_map(self.network, output.float(), size, self.axes[layer])
            except ValueError as error:
                raise ValueError(f"layer {layer!r} does not lie on the pictures: {error}") from error
        return maps
