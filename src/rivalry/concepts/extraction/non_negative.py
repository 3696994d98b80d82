"""Non-negative least squares of many rows in Gram form: A Vᵀ and V Vᵀ once, then all in k dimensions."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

SWEEPS = 200
TOLERANCE = 1e-5


def non_negative_codes(
    rows: Float[Tensor, "samples channels"], concepts: Float[Tensor, "concepts channels"]
) -> Float[Tensor, "samples concepts"]:
    """The argmin over u ≥ 0 of ‖a − u V‖² for every row a, by cyclic coordinate descent."""
    products, gram = concepts @ rows.T, concepts @ concepts.T
    codes = (products / gram.diagonal().clamp(min=1e-12)[:, None]).relu() / len(concepts)
    for _ in range(SWEEPS):
        moved = codes.new_zeros(())
        for place in range(len(concepts)):
            step = (products[place] - gram[place] @ codes) / gram[place, place].clamp(min=1e-12)
            new = (codes[place] + step).relu()
            moved = moved.maximum((new - codes[place]).abs().max())
            codes[place] = new
        if float(moved) <= TOLERANCE * float(codes.max()):
            break
    return codes.T.contiguous()
