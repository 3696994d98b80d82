"""The layers that a dissected checkpoint speaks of: all that compete, and those whose units have labels."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from rivalry.export.folder import DissectedLayer
from rivalry.lwta.layer import competitions
from rivalry.recording.axes import axes_of_outputs
from rivalry.recording.hearing import hear_once


def describe_layers(network: nn.Module, side: int, dissected: Mapping[str, int | None]) -> dict[str, DissectedLayer]:
    """Describe them in the network's order, by what they give for a blank picture.

    Args:
        network: Left as it is.
        side: Of the pictures that it takes.
        dissected: Dotted names of the layers whose units have labels, with the axis of the units where it was given.

    Raises:
        ValueError: For a layer that the network has not, or whose axis of units cannot be told.
    """
    competitors = {name: layer.competitors for name, layer in competitions(network).items()}
    names = [*dict.fromkeys([*competitors, *dissected])]
    if not names:
        return {}
    outputs = hear_once(network, names, torch.zeros(3, side, side, dtype=torch.uint8))
    given = {name: axis for name, axis in dissected.items() if axis is not None}
    axes = axes_of_outputs(network, outputs, given, square=True)
    return {
        name: DissectedLayer(outputs[name].shape[axes[name]], competitors.get(name, 1), axes[name], name in dissected)
        for name, _ in network.named_modules()
        if name in outputs
    }
