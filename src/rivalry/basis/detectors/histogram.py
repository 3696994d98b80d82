"""Counting: every pixel of every unit goes to the bin of its value and to the concepts of its place.

On the CPU it is our C++ (``histogram.cpp``), which passes over what a unit is silent at; elsewhere, and where there is
no compiler, it is PyTorch, which writes out the pixels of as many units at a time as fit a stated number of elements.
Both count the same, to the last pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.basis.detectors.bilinear import neighbours, upsample
from rivalry.numerics.native import compiles, native_function

_SOURCE = Path(__file__).with_suffix(".cpp")
_ELEMENTS_AT_ONCE = 2**22


def count_pixels(
    maps: Float[Tensor, "batch units rows columns"],
    masks: Int[Tensor, "batch categories height width"],
    half: Int[Tensor, " batch"],
    edges: Float[Tensor, "units edges"],
    shown: Int[Tensor, "halves units concepts bins"],
    labelled: Int[Tensor, "halves units categories bins"],
    pixels: Int[Tensor, "halves units bins"],
) -> None:
    """Add the pixels of a batch to counts (see :class:`rivalry.basis.detectors.counts.Counts`).

    Args:
        maps: Of units, in float32 and finite.
        masks: 1 + concept, or 0.
        half: To which each picture counts.
        edges: Levels of every unit, ascending.
        shown: Added to; contiguous, as all that is added to.
        labelled: Added to.
        pixels: Added to.
    """
    count = count_natively if maps.device.type == "cpu" and _is_compiled() else count_by_gathers
    count(maps, masks, half, edges, shown, labelled, pixels)


def count_natively(
    maps: Float[Tensor, "batch units rows columns"],
    masks: Int[Tensor, "batch categories height width"],
    half: Int[Tensor, " batch"],
    edges: Float[Tensor, "units edges"],
    shown: Int[Tensor, "halves units concepts bins"],
    labelled: Int[Tensor, "halves units categories bins"],
    pixels: Int[Tensor, "halves units bins"],
) -> None:
    """The same in C++. All tensors lie on the CPU.

    Raises:
        NotCompiled: If it cannot be compiled here.
    """
    down, along = neighbours(maps.shape[2], masks.shape[2]), neighbours(maps.shape[3], masks.shape[3])
    there = masks.flatten(2).any(2)
    read = [maps.contiguous(), masks.int().contiguous(), there, half.contiguous(), edges.contiguous()]
    tensors = [*read, down.before, down.share, along.before, along.share, shown, labelled, pixels]
    sizes = (*maps.shape, *masks.shape[1:], edges.shape[1], shown.shape[2])
    count = native_function(_SOURCE, "rivalry_count_pixels", tensors=12, lengths=10)
    count(*(tensor.data_ptr() for tensor in tensors), *sizes, torch.get_num_threads())


def count_by_gathers(
    maps: Float[Tensor, "batch units rows columns"],
    masks: Int[Tensor, "batch categories height width"],
    half: Int[Tensor, " batch"],
    edges: Float[Tensor, "units edges"],
    shown: Int[Tensor, "halves units concepts bins"],
    labelled: Int[Tensor, "halves units categories bins"],
    pixels: Int[Tensor, "halves units bins"],
) -> None:
    """The same in PyTorch."""
    concepts, bins = shown.shape[2:]
    for picture, mask, own in zip(maps, masks.long().flatten(2), half.tolist(), strict=True):
        for units in _groups(picture.shape[0], mask.shape[-1]):
            binned = bins_of(upsample(picture[units], (masks.shape[2], masks.shape[3])).flatten(1), edges[units])
            total = _histogram(binned, binned.new_zeros(mask.shape[-1]), 1, bins)[:, 0]
            pixels[own, units] += total
            for category, plane in enumerate(mask):
                if bool(plane.any()):
                    labelled[own, units, category] += total
                    shown[own, units] += _histogram(binned, plane, concepts + 1, bins)[:, 1:]


def count_positions(
    maps: Float[Tensor, "batch units rows columns"],
    half: Int[Tensor, " batch"],
    edges: Float[Tensor, "units edges"],
    positions: Int[Tensor, "halves units bins"],
) -> None:
    """Add the places of a batch's own maps to counts, whatever their masks show."""
    count = count_positions_natively if maps.device.type == "cpu" and _is_compiled() else count_positions_by_search
    count(maps, half, edges, positions)


def count_positions_natively(
    maps: Float[Tensor, "batch units rows columns"],
    half: Int[Tensor, " batch"],
    edges: Float[Tensor, "units edges"],
    positions: Int[Tensor, "halves units bins"],
) -> None:
    """The same in C++. All tensors lie on the CPU.

    Raises:
        NotCompiled: If it cannot be compiled here.
    """
    tensors = [maps.contiguous(), half.contiguous(), edges.contiguous(), positions]
    sizes = (*maps.shape[:2], maps.shape[2] * maps.shape[3], edges.shape[1])
    count = native_function(_SOURCE, "rivalry_count_positions", tensors=4, lengths=5)
    count(*(tensor.data_ptr() for tensor in tensors), *sizes, torch.get_num_threads())


def count_positions_by_search(
    maps: Float[Tensor, "batch units rows columns"],
    half: Int[Tensor, " batch"],
    edges: Float[Tensor, "units edges"],
    positions: Int[Tensor, "halves units bins"],
) -> None:
    """The same in PyTorch."""
    for picture, own in zip(maps, half.tolist(), strict=True):
        binned = bins_of(picture.flatten(1), edges)
        positions[own] += _histogram(binned, binned.new_zeros(binned.shape[1]), 1, positions.shape[-1])[:, 0]


def bins_of(values: Float[Tensor, "units values"], edges: Float[Tensor, "units edges"]) -> Int[Tensor, "units values"]:
    """How many of its unit's edges each value exceeds.

    >>> bins_of(torch.tensor([[0.0, 1.0, 1.5, 9.0]]), torch.tensor([[0.0, 1.0]]))
    tensor([[0, 1, 2, 2]])
    """
    return torch.searchsorted(edges.contiguous(), values.contiguous())


def _histogram(
    binned: Int[Tensor, "units values"], concept: Int[Tensor, " values"], concepts: int, bins: int
) -> Int[Tensor, "units concepts bins"]:
    units = torch.arange(len(binned), device=binned.device)[:, None]
    places = (units * concepts + concept) * bins + binned
    counted = torch.bincount(places.flatten(), minlength=len(binned) * concepts * bins)
    return counted.view(len(binned), concepts, bins)


def _groups(units: int, pixels: int) -> Iterator[slice]:
    size = max(1, _ELEMENTS_AT_ONCE // max(pixels, 1))
    return (slice(first, first + size) for first in range(0, units, size))


def _is_compiled() -> bool:
    return compiles(_SOURCE, otherwise="pixels are counted by PyTorch")
