"""``log Π_r (1 + S_r ratio_r)`` of all units of a layer over a tile of words: where naming a layer takes its time.

A term is one gather and one fused multiplication. As many ranks as fit float32 are multiplied in it, these products in
float64, and of as many as fit that there is one logarithm in place of a hundred.

On the CPU it is our C++ (``products.cpp``), which keeps products in registers; elsewhere, and where there is no
compiler, it is PyTorch, which writes out every step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.numerics.native import compiles, native_function

_SOURCE = Path(__file__).with_suffix(".cpp")


def add_log_products(
    chance: Float[Tensor, "rows tile"],
    rows: Int[Tensor, "units k"],
    ratios: Sequence[float],
    total: Float[Tensor, "units tile"],
    room: Float[Tensor, "units tile"],
) -> None:
    """Add the logarithm of each unit's product to a total.

    Args:
        chance: S of the tile's words, from 0 to 1, in float32; contiguous.
        rows: Of ``chance``, for each unit and rank.
        ratios: What the chances of each rank are multiplied by, above 0.
        total: In float64; contiguous.
        room: Of the same kind, to be written over: fresh memory costs more than the sums.
    """
    few, many = (that_fit(max(ratios), dtype) for dtype in (torch.float32, torch.float64))
    multiply = multiply_natively if chance.device.type == "cpu" and _is_compiled() else multiply_by_gathers
    for first in range(0, rows.shape[1], many):
        room.fill_(1.0)
        multiply(room, chance, rows[:, first : first + many].contiguous(), ratios[first : first + many], few)
        total += room.log_()


def that_fit(ratio: float, dtype: torch.dtype) -> int:
    """Ranks of which the product of ``1 + S ratio`` fits a type whatever S is.

    >>> that_fit(499.0, torch.float32), that_fit(499.0, torch.float64)
    (14, 114)
    """
    return int(math.log(torch.finfo(dtype).max) / math.log1p(ratio))


def multiply_by_gathers(
    product: Float[Tensor, "units tile"],
    chance: Float[Tensor, "rows tile"],
    rows: Int[Tensor, "units k"],
    ratios: Sequence[float],
    few: int,
) -> None:
    """Multiply products by the terms ``1 + S_r ratio_r``, ``few`` ranks at a time in float32, in PyTorch."""
    words = chance.shape[1]
    group = min(len(rows), max(1, _elements_at_once(chance.device) // words))
    memory = torch.empty(2, group, words, device=chance.device)
    for whole, own in zip(torch.split(product, group), torch.split(rows, group), strict=True):
        found, part = memory[:, : len(own)]
        by_rank = own.T.contiguous()
        for start in range(0, len(ratios), few):
            part.fill_(1.0)
            for row, ratio in zip(by_rank[start : start + few], ratios[start : start + few], strict=True):
                torch.index_select(chance, 0, row, out=found)
                part.addcmul_(part, found, value=ratio)
            whole *= part


def multiply_natively(
    product: Float[Tensor, "units tile"],
    chance: Float[Tensor, "rows tile"],
    rows: Int[Tensor, "units k"],
    ratios: Sequence[float],
    few: int,
) -> None:
    """The same in C++. All tensors lie on the CPU and are contiguous.

    Raises:
        NotCompiled: If it cannot be compiled here.
    """
    factors = torch.tensor(ratios)
    tensors = [tensor.data_ptr() for tensor in (product, chance, rows, factors)]
    multiply = native_function(_SOURCE, "rivalry_multiply", tensors=4, lengths=5)
    multiply(*tensors, chance.shape[1], *rows.shape, few, torch.get_num_threads())


def _is_compiled() -> bool:
    return compiles(_SOURCE, otherwise="units are named by PyTorch")


def _elements_at_once(device: torch.device) -> int:
    """Terms of a group of units.

    On the CPU fewer than PyTorch shares among threads (2¹⁵), and they stay in a core's cache: a hundred thousand waits
    for another thread cost more than they save, and far more wherever something else wants that core.
    """
    return 2**15 - 1 if device.type == "cpu" else 2**24
