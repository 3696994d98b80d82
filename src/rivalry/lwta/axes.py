"""Along which axis the units of a layer lie, as far as shape and neighbours tell.

Vectors and tokens have their units last. Feature maps have them second in convolutional networks and last in others
(the MLPs of ConvNeXt, the blocks of Swin). Of a square image the maps are square, so whichever of the three axes is
unlike the other two holds the units. Where that does not help, the layers next to the one in question do: a convolution
or batch normalisation of the right width speaks for axis 1, a linear layer for the last. Where these do not agree
either, nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile

from torch import nn

FIRST, LAST = 1, 3


def find_unit_axis(network: nn.Module, name: str, shape: tuple[int, ...], *, square: bool) -> int:
    """Find the axis of units, counted from 0.

    Args:
        network: The network.
        name: Dotted name of the layer in it.
        shape: Of the layer's output, batch first.
        square: Whether the network's input was square.

    Raises:
        ValueError: For other than 2 to 4 axes, or where it cannot be told.

    >>> network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU())
    >>> find_unit_axis(network, "1", (1, 8, 4, 4), square=True), find_unit_axis(network, "1", (1, 8, 8, 8), square=True)
    (1, 1)
    >>> find_unit_axis(nn.Sequential(nn.Linear(8, 32), nn.GELU()), "1", (1, 4, 4, 32), square=True)
    3
    """
    if len(shape) not in (2, 3, 4):
        raise ValueError(f"a layer gives 2, 3 or 4 axes, batch first; {name} gives shape {shape}")
    if len(shape) < 4:
        return len(shape) - 1
    axis = axis_by_shape(shape, square=square) or _axis_by_neighbours(network, name, shape)
    if axis is None:
        raise ValueError(
            f"{name} gives shape {shape}: its units may lie along axis 1 or along the last, and neither the shape nor "
            "the layers beside it tell which"
        )
    return axis


def axis_by_shape(shape: tuple[int, ...], *, square: bool = True) -> int | None:
    """The axis of units of a feature map of a square image; None where the shape does not tell.

    >>> axis_by_shape((2, 16, 8, 8)), axis_by_shape((2, 8, 8, 16)), axis_by_shape((2, 8, 8, 8))
    (1, 3, None)
    """
    _, second, third, last = shape
    if third == last and (last == 1 or (square and second != last)):
        return FIRST
    if second == third and (second == 1 or (square and second != last)):
        return LAST
    return None


def _axis_by_neighbours(network: nn.Module, name: str, shape: tuple[int, ...]) -> int | None:
    """What the layer itself says, or, of what encloses it, the nearest that holds a layer with something to say."""
    layer = network.get_submodule(name)
    places = name.split(".")
    said = _said(layer.modules(), shape)
    while not said and places:
        places.pop()
        around = network.get_submodule(".".join(places))
        before = takewhile(lambda module: module is not layer, around.modules())
        said = _said(before, shape) or _said(around.modules(), shape)
        if any(_widths(module) for module in around.modules()):
            break
    return said.pop() if len(said) == 1 else None


def _said(modules: Iterable[nn.Module], shape: tuple[int, ...]) -> set[int]:
    return {axis for module in modules for axis in _says(module, shape)}


def _says(module: nn.Module, shape: tuple[int, ...]) -> Iterator[int]:
    """The axes that a layer works along and that are as long as it is wide."""
    for axis in _worked_along(module):
        if shape[axis] in _widths(module):
            yield axis


def _worked_along(module: nn.Module) -> tuple[int, ...]:
    if isinstance(module, nn.Linear):
        return (LAST,)
    if isinstance(module, nn.LayerNorm):  # kinds of it that work along axis 1 are derived from it
        return (LAST,) if type(module) is nn.LayerNorm else (FIRST, LAST)
    return (FIRST,)


def _widths(module: nn.Module) -> tuple[int, ...]:
    """The numbers of units that a layer takes and gives; none for layers that work at every unit alike."""
    match module:
        case nn.Conv2d() | nn.ConvTranspose2d():
            return module.in_channels, module.out_channels
        case nn.BatchNorm2d() | nn.InstanceNorm2d():
            return (module.num_features,)
        case nn.GroupNorm():
            return (module.num_channels,)
        case nn.Linear():
            return module.in_features, module.out_features
        case nn.LayerNorm():
            return (module.normalized_shape[-1],)
        case _:
            return ()
