"""The layers of a network as maps over its pictures: tokens lie on their grid, units along axis 1; and back again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from jaxtyping import Float, UInt8
from torch import Tensor, nn

from rivalry.numerics.nearest import nearest
from rivalry.recording.axes import axes_of_outputs
from rivalry.recording.grid import class_token, feature_map, with_class_token, with_feature_map
from rivalry.recording.hearing import hear_once

Maps = Mapping[str, Float[Tensor, "batch _ _ _"]]
"""Maps (batch, channels, height, width) of some pictures, by layer."""

Shape = tuple[int, int, int]
"""Channels, height and width of a layer's maps."""

Places = Literal["positions", "class_token"]
"""What of a layer is mapped: its positions on the picture, or the class token alone, as a map of one place."""


@dataclass(frozen=True)
class LayerMaps:
    """How the outputs of some layers lie on the pictures.

    Attributes:
        network: Says how its tokens are laid out.
        axes: Axis of units of each layer.
        shapes: Of the maps of each layer.
        places: What of a layer is mapped.
        vectors: Whether a layer that gives one vector a picture counts as a map of one place; else it is refused.
    """

    network: nn.Module
    axes: Mapping[str, int]
    shapes: Mapping[str, Shape]
    places: Places = "positions"
    vectors: bool = False

    @classmethod
    def settled(
        cls,
        network: nn.Module,
        layers: Sequence[str],
        given: Mapping[str, int],
        image: UInt8[Tensor, "3 height width"],
        *,
        places: Places = "positions",
        vectors: bool = False,
    ) -> LayerMaps:
        """Find out by showing the network a picture.

        Args:
            network: Left as it is.
            layers: Dotted names or globs.
            given: Axes of units that the user gave (see :func:`rivalry.recording.axes.check_axes`).
            image: Any of the pictures.
            places: What of a layer is mapped.
            vectors: Whether layers may give one vector a picture.

        Raises:
            ValueError: For an unknown layer, one without places, or one whose axis of units cannot be told.
        """
        size = image.shape[1], image.shape[2]
        outputs = hear_once(network, layers, image)
        axes = axes_of_outputs(network, outputs, given, square=size[0] == size[1])
        maps = cls(network, axes, {}, places, vectors).of(outputs, size)
        shapes = {layer: (one.shape[1], *one.shape[2:]) for layer, one in maps.items()}
        return cls(network, axes, shapes, places, vectors)

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
                maps[layer] = self._map(output.float(), size, self.axes[layer])
            except ValueError as error:
                raise ValueError(f"layer {layer!r} does not lie on the pictures: {error}") from error
        return maps

    def into(
        self,
        layer: str,
        output: Float[Tensor, "batch ..."],
        maps: Float[Tensor, "batch channels height width"],
    ) -> Float[Tensor, "batch ..."]:
        """Put maps back in place of those of a layer's output; tokens that are not mapped stay as they are.

        Args:
            layer: Dotted name.
            output: What the layer gave for these pictures.
            maps: Of the shape of those that :meth:`of` made of it.
        """
        maps = maps.to(output)
        if self.places == "class_token":
            return with_class_token(output, maps, self.axes[layer])
        return maps.flatten(1) if output.ndim == 2 else with_feature_map(output, maps, self.axes[layer])

    def _map(self, output: Tensor, size: tuple[int, int], axis: int) -> Tensor:
        if self.places == "class_token":
            return class_token(self.network, output, size, axis)
        if self.vectors and output.ndim == 2:
            return output[..., None, None]
        return feature_map(self.network, output, size, axis)


def check_places(places: str) -> None:
    """Raise a ``ValueError`` for what no layer can be mapped by."""
    known = get_args(Places)
    if places not in known:
        raise ValueError(f"unknown places {places!r}; nearest: {nearest(places, known)}")
