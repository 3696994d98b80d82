"""Whether the layers that a dissected checkpoint speaks of are those that its network has.

By hooks of its own, not those of ``recording``: that imports torchmetrics, which takes longer than loading a network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack

import torch
from torch import Tensor, nn

from rivalry.export.folder import Dissection
from rivalry.export.loading.guard.network import in_one_line
from rivalry.lwta.layer import competitions
from rivalry.numerics.nearest import nearest


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
    _check_names(network, dissection.layers)
    logits, shapes = _show_blank(network, dissection.layers, dissection.images.square.side)
    if logits != (1, len(dissection.classes)):
        raise ValueError(f"the network gives {logits} for a picture, and there are {len(dissection.classes)} classes")
    for name, layer in dissection.layers.items():
        shape, competitors = shapes.get(name, ()), competing[name].competitors if name in competing else 1
        if layer.axis >= len(shape) or shape[layer.axis] != layer.units:
            raise ValueError(
                f"config.json: layer {name!r} has {layer.units} units along axis {layer.axis}; the network gives "
                f"{shape}"
            )
        if competitors != layer.competitors:
            raise ValueError(
                f"config.json: layer {name!r} has blocks of {layer.competitors}, the network {competitors}"
            )


def _check_names(network: nn.Module, names: Iterable[str]) -> None:
    known = [name for name, _ in network.named_modules() if name]
    if strange := [name for name in names if name not in known]:
        given = strange[0][:80]
        raise ValueError(
            f"config.json speaks of layer {given!r}, which the network has not; the nearest are {nearest(given, known)}"
        )


@torch.no_grad()
def _show_blank(
    network: nn.Module, names: Iterable[str], side: int
) -> tuple[tuple[int, ...], dict[str, tuple[int, ...]]]:
    """The shape of the logits, and of the output of every layer that gave one."""
    shapes: dict[str, tuple[int, ...]] = {}

    def hear(name: str) -> Callable[..., None]:
        def hook(_layer: nn.Module, _inputs: object, output: object) -> None:
            shapes[name] = tuple(output.shape) if isinstance(output, Tensor) else ()

        return hook

    with ExitStack() as hooks:
        for name in names:
            hooks.callback(network.get_submodule(name).register_forward_hook(hear(name)).remove)
        with in_one_line(f"config.json: the network does not take pictures of {side} pixels a side"):
            logits: Tensor = network(torch.zeros(1, 3, side, side))
    return tuple(logits.shape), shapes
