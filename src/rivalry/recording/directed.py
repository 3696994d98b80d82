"""The layers of directions that the analyses of one recording hear (see :mod:`rivalry.recording.directions`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from rivalry.data.dataset import ImageDataset
from rivalry.numerics.nearest import nearest
from rivalry.recording.analysis import Analysis
from rivalry.recording.axes import axes_of_outputs
from rivalry.recording.directions import MARK, Directions, offered, part, read_directions
from rivalry.recording.grid import feature_map
from rivalry.recording.hearing import hear_once
from rivalry.recording.taps import resolve_taps


class DirectedLayers:
    """Which layers each analysis hears, those of directions among them, and what directions make of outputs.

    Args:
        network: The network that is heard.
        dataset: The probe set, one picture of which tells how wide layers are.
        analyses: What listens, each with layers of its own.

    Raises:
        ValueError: For an unknown layer, directions that nobody offers or that do not fit, or an analysis that cannot
            hear directions.
    """

    def __init__(self, network: nn.Module, dataset: ImageDataset, analyses: Sequence[Analysis]) -> None:
        self._network = network
        self._offering = {one.name: one for one in analyses if one.offers}
        self._directions: dict[str, Directions] = {}
        self.layers = {one.name: self._resolve(one) for one in analyses}
        self._axes: dict[str, int] = {}
        if any(MARK in name for names in self.layers.values() for name in names):
            self._settle(dataset)

    @property
    def heard(self) -> list[str]:
        """The layers of the network that must be heard, in its order."""
        wanted = {part(name)[0] for names in self.layers.values() for name in names}
        return [name for name, _ in self._network.named_modules() if name in wanted]

    def take(self, analysis: Analysis) -> None:
        """Take in what an analysis offers, once it has started."""
        if not analysis.offers:
            return
        directions = analysis.directions()
        for names in self.layers.values():
            for name in names:
                layer, source = part(name)
                if source == analysis.name:
                    self._directions[name] = offered(directions, layer, f"analysis {source!r}")

    def known(self, layers: Sequence[str]) -> dict[str, Directions]:
        """The directions of those of the layers that are made by them, where these are known by now."""
        return {name: self._directions[name] for name in layers if name in self._directions}

    def of(self, name: str, outputs: Mapping[str, Tensor], image_size: tuple[int, int]) -> Tensor:
        """What a layer gave, or what directions make of it: maps (batch, directions, height, width)."""
        layer, source = part(name)
        if source is None:
            return outputs[layer]
        directions = self._directions[name]
        return directions.of(self._maps(layer, outputs[layer], image_size, directions))

    def _maps(self, layer: str, output: Tensor, image_size: tuple[int, int], directions: Directions) -> Tensor:
        """Maps of a layer, their units along the axis that the directions name, or else along the one that is found."""
        axis = directions.axis
        if axis is None:
            if layer not in self._axes:
                square = image_size[0] == image_size[1]
                self._axes |= axes_of_outputs(self._network, {layer: output}, {}, square=square)
            axis = self._axes[layer]
        try:
            return feature_map(self._network, output, image_size, axis)
        except ValueError as error:
            raise ValueError(f"directions of layer {layer!r} want places: {error}") from error

    def _resolve(self, analysis: Analysis) -> tuple[str, ...]:
        """Layers by name: the network's own in its order, each followed by what directions make of it."""
        own = [tap for tap in analysis.taps if MARK not in tap]
        directed = [part(tap) for tap in analysis.taps if MARK in tap]
        names = [*resolve_taps(self._network, own)] if own or not directed else []
        for pattern, source in directed:
            names += [f"{layer}{MARK}{source}" for layer in resolve_taps(self._network, [pattern])]
        order = {name: place for place, (name, _) in enumerate(self._network.named_modules())}
        return tuple(sorted(dict.fromkeys(names), key=lambda name: order[part(name)[0]]))

    def _settle(self, dataset: ImageDataset) -> None:
        """Read directions from files, and see that they fit."""
        image = dataset[0]["image"]
        size = image.shape[1], image.shape[2]
        names = [name for names in self.layers.values() for name in names if MARK in name]
        outputs = hear_once(self._network, [part(name)[0] for name in names], image)
        for name in names:
            layer, source = part(name)
            if source is None or self._is_offered(layer, source):
                continue
            directions = read_directions(layer, source, self._offering)
            maps = self._maps(layer, outputs[layer], size, directions)
            if maps.shape[1] != len(directions.weights):
                raise ValueError(
                    f"{name}: the directions are of {len(directions.weights)} units, and the layer has {maps.shape[1]}"
                )
            self._directions[name] = directions

    def _is_offered(self, layer: str, source: str) -> bool:
        if source not in self._offering:
            return False
        known = resolve_taps(self._network, self._offering[source].taps)
        if layer not in known:
            raise ValueError(f"analysis {source!r} offers no directions of {layer!r}; nearest: {nearest(layer, known)}")
        return True
