"""Along which axis each heard layer has its units: its own word if it competes, else the user's, else what is found.

An analysis takes its layers as a list of dotted names or globs or, where the axis cannot be found, as a mapping from
these to axes, None for those to be found::

    layers: ["layer4.*", "stages.*.mlp.act"]
    layers: {"stages.*.blocks.0": 1, "stages.*.mlp.act": -1, "head.norm": null}

How it is found is told in :mod:`rivalry.lwta.axes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TypeAlias

from torch import Tensor, nn

from rivalry.lwta.axes import find_unit_axis
from rivalry.lwta.layer import competitions
from rivalry.recording.directions import MARK
from rivalry.recording.observation import Listening, Observation

Layers: TypeAlias = Sequence[str] | Mapping[str, int | None]


def unit_axes(listening: Listening, observation: Observation, given: Mapping[str, int]) -> dict[str, int]:
    """Find the axis of units, counted from 0, of every layer that an analysis hears.

    Args:
        listening: What the analysis was told at its start.
        observation: Any batch; an empty one will do.
        given: Axes by dotted name or glob, of :func:`check_axes`; the first that matches counts.

    Raises:
        ValueError: Where an axis cannot be told, or is none of the layer's; naming layer, shape and choice.
    """
    outputs = {layer: observation.activations[layer] for layer in listening.layers}
    square = observation.images.shape[-1] == observation.images.shape[-2]
    return axes_of_outputs(listening.network, outputs, given, square=square)


def axes_of_outputs(
    network: nn.Module, outputs: Mapping[str, Tensor], given: Mapping[str, int], *, square: bool
) -> dict[str, int]:
    """Find the axis of units of what layers gave, as :func:`unit_axes` does; also before a pass.

    Args:
        network: Whose layers they are.
        outputs: Of any pictures, by dotted name.
        given: Axes by dotted name or glob, of :func:`check_axes`; the first that matches counts.
        square: Whether the pictures were.

    Raises:
        ValueError: As :func:`unit_axes`.
    """
    competing = {name: layer.dim for name, layer in competitions(network).items()}
    return {
        layer: competing[layer] % output.ndim
        if layer in competing
        else _unit_axis(network, layer, output, given, square=square)
        for layer, output in outputs.items()
    }


def check_axes(layers: Layers) -> dict[str, int]:
    """The axes that the user gave, by dotted name or glob.

    Raises:
        ValueError: If one is none that can hold units: 0 is the batch, and no layer has more than four.

    >>> check_axes({"stages.*.act": -1, "head": None}), check_axes(["head"])
    ({'stages.*.act': -1}, {})
    """
    given = {name: axis for name, axis in layers.items() if axis is not None} if isinstance(layers, Mapping) else {}
    for name, axis in given.items():
        if not isinstance(axis, int) or axis not in (-3, -2, -1, 1, 2, 3):
            raise ValueError(f"the units of a layer lie along axis 1, 2, 3 or -1; {name!r} was given {axis!r}")
    return given


def _unit_axis(network: nn.Module, layer: str, output: Tensor, given: Mapping[str, int], *, square: bool) -> int:
    if MARK in layer:  # what directions make of a layer are maps
        return 1
    shape = tuple(output.shape)
    chosen = next((axis for name, axis in given.items() if name == layer or fnmatchcase(layer, name)), None)
    if chosen is not None:
        if not -output.ndim < chosen < output.ndim:
            raise ValueError(f"{layer} gives shape {shape}, which has no axis {chosen} of units")
        return chosen % output.ndim
    try:
        return find_unit_axis(network, layer, shape, square=square)
    except ValueError as error:
        raise ValueError(f"{error}; give it, as in layers: {{{layer!r}: -1}}, or tap another layer") from error
