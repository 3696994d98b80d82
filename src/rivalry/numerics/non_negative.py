"""Non-negative least squares of many rows in Gram form, by cyclic coordinate descent.

    min over U ≥ 0 of ‖A − U V‖²     needs A only in A Vᵀ, and V only in V Vᵀ:

    u_j ← max(0, u_j + (A v_j − Σ_l u_l (v_l·v_j)) / (v_j·v_j)) ,   j = 1 … k, again and again

Both products are made once; what is repeated has the size of the codes. These are the steps of HALS (Cichocki, Zdunek &
Amari 2007). The problem is convex, and each step solves for one concept exactly, so that they lead to its minimum.
Codes lie transposed here, a concept's side by side in memory.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

SWEEPS = 1000
"""Over all concepts, at most."""

TOLERANCE = 1e-5
"""Codes are found where none moves by more than this share of the largest."""

_LOOK_EVERY = 10


def non_negative_codes(
    rows: Float[Tensor, "samples channels"], concepts: Float[Tensor, "concepts channels"]
) -> Float[Tensor, "samples concepts"]:
    """The u ≥ 0 of least ‖a − u V‖ for every row a; 0 for a concept that is zero.

    Args:
        rows: Of any sign.
        concepts: Of any sign.

    >>> non_negative_codes(torch.tensor([[2.0, 1.0], [-1.0, 3.0]]), torch.eye(2))
    tensor([[2., 1.],
            [0., 3.]])
    """
    products, gram = concepts @ rows.T, concepts @ concepts.T
    codes = torch.zeros_like(products)
    if not len(rows):
        return codes.T
    for _ in range(SWEEPS // _LOOK_EVERY):
        descend(codes, products, gram, _LOOK_EVERY - 1)
        before = codes.clone()
        descend(codes, products, gram, 1)
        if bool((codes - before).abs().max() <= TOLERANCE * codes.max()):
            break
    return codes.T.contiguous()


def descend(
    codes: Float[Tensor, "concepts samples"],
    products: Float[Tensor, "concepts samples"],
    gram: Float[Tensor, "concepts _"],
    sweeps: int,
) -> None:
    """Improve codes in place.

    Args:
        codes: Uᵀ, not negative. Those of a concept that is zero stay as they are.
        products: V Aᵀ.
        gram: V Vᵀ.
        sweeps: Over all concepts.
    """
    square = gram.diagonal()[:, None]
    scale = torch.where(square > 0, 1 / square, 0)
    wanted, pull = products * scale, (gram * scale).fill_diagonal_(0)
    there = (square[:, 0] > 0).nonzero()[:, 0].tolist()
    for _ in range(sweeps):
        for place in there:
            codes[place] = torch.addmv(wanted[place], codes.T, pull[place], alpha=-1).relu_()
