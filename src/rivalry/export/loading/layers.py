"""Whether the layers that a dissected checkpoint speaks of are those that its network has."""

from __future__ import annotations

import torch
from torch import nn

from rivalry.export.folder import Dissection
from rivalry.lwta.layer import competitions
from rivalry.recording.taps import Taps, resolve_taps


def check_layers(network: nn.Module, dissection: Dissection) -> None:
    """Let a blank picture pass, and compare every layer with what is said of it.

    Args:
        network: In ``eval()``.
        dissection: What ``config.json`` says.

    Raises:
        ValueError: For a layer that the network has not, other units or competitors than it has, a layer that competes
            and is not spoken of, or other than one logit a class.
    """
    competing = competitions(network)
    if unsaid := [name for name in competing if name not in dissection.layers]:
        raise ValueError(f"config.json: units of layer {unsaid[0]!r} compete, and dissection.layers has no word on it")
    side = dissection.images.square.side
    with Taps(network, resolve_taps(network, dissection.layers)) as taps, torch.no_grad():
        logits = network(torch.zeros(1, 3, side, side))
        outputs, _ = taps.take()
    if logits.shape != (1, len(dissection.classes)):
        raise ValueError(f"the network gives {tuple(logits.shape)} for a picture and {len(dissection.classes)} classes")
    for name, layer in dissection.layers.items():
        shape, competitors = outputs[name].shape, competing[name].competitors if name in competing else 1
        if layer.axis >= len(shape) or shape[layer.axis] != layer.units:
            raise ValueError(
                f"config.json: layer {name!r} has {layer.units} units along axis {layer.axis}; the network gives "
                f"{tuple(shape)}"
            )
        if competitors != layer.competitors:
            raise ValueError(
                f"config.json: layer {name!r} has blocks of {layer.competitors}, the network {competitors}"
            )
