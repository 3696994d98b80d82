"""Out of distribution: how far what is given back lies from real activations (Sun et al., deep neighbours, 2022).

Others normalise activations to length 1 before; here distances are those of the layer, as the logit reads it.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

_PAIRS_AT_ONCE = 2**23


def neighbour_distance(
    rows: Float[Tensor, "samples channels"], real: Float[Tensor, "reals channels"], neighbour: int
) -> float:
    """Mean Euclidean distance of rows to their k-th neighbour among real ones, in units of the activations.

    Args:
        rows: Not among the real ones.
        real: Activations.
        neighbour: k, from 1; where there are fewer real ones, the farthest of them.

    >>> neighbour_distance(torch.tensor([[0.0]]), torch.tensor([[3.0], [-1.0], [9.0]]), 2)
    3.0
    """
    middle = real.mean(0)
    rows, real = (rows - middle).double(), (real - middle).double()  # small distances keep their digits in products
    last = min(neighbour, len(real))
    parts = torch.split(rows, max(1, _PAIRS_AT_ONCE // len(real)))
    farthest = [torch.cdist(part, real).topk(last, largest=False).values[:, -1] for part in parts]
    return float(torch.cat(farthest).mean())


def out_of_distribution(
    rows: Float[Tensor, "samples channels"],
    given_back: Float[Tensor, "samples channels"],
    real: Float[Tensor, "reals channels"],
    *,
    neighbour: int = 10,
) -> float:
    """How much farther from real activations is what is given back than the rows that it stands for, ↓.

    Mean distances to the k-th neighbour, one less the other, in units of the activations: at 0 it is as near to real
    activations as other real ones are; below 0 it is nearer, as what keeps to a mean may be.

    Args:
        rows: Activations.
        given_back: Of these rows.
        real: Activations of other images.
        neighbour: k.

    >>> out_of_distribution(torch.tensor([[2.0]]), torch.tensor([[3.0]]), torch.tensor([[0.0]]), neighbour=1)
    1.0
    """
    return neighbour_distance(given_back, real, neighbour) - neighbour_distance(rows, real, neighbour)
