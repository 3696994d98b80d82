"""The images in which each unit was strongest, kept while images stream by and merged over ranks.

Only real wins are ranked. A unit that won in fewer than k images has fewer than k top images, instead of being padded
with images in which it was silent (ties at zero, as a plain top-k over the output would do).

The state is one int64 a place: the value's float32 bits, made order-preserving, above the complement of the index.
Keys are unique, so the result does not depend on the order of images, batches or ranks; of equal values the lower
index comes first. Memory is 8 bytes × units × k, and as much for what torchmetrics keeps to begin anew with.
"""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torchmetrics import Metric

_NOBODY = torch.iinfo(torch.int64).min
_LAST_INDEX = 2**32 - 1


@final
class Ranking:
    """Top images of every unit.

    No tuple: of those torchmetrics squeezes every tensor of one element.

    Args:
        images: Positions in the data set, strongest first; -1 where a unit has no more wins.
        values: The pooled activations there; -∞ where ``images`` is -1.
        wins: Images in which each unit won at least once.
    """

    def __init__(
        self, images: Int[Tensor, "units k"], values: Float[Tensor, "units k"], wins: Int[Tensor, " units"]
    ) -> None:
        self.images = images
        self.values = values
        self.wins = wins


class TopImages(Metric):
    """Streaming top-k of images for every unit.

    Args:
        units: Number of units.
        k: Images to keep for each.

    >>> top = TopImages(units=1, k=2)
    >>> top.update(torch.tensor([[0.5], [0.5], [9.0]]), torch.tensor([[0.1], [1.0], [0.0]]), torch.tensor([7, 3, 1]))
    >>> top.compute().images
    tensor([[3, 7]])
    """

    full_state_update = False
    keys: Tensor
    wins: Tensor

    def __init__(self, units: int, k: int) -> None:
        if units < 1 or k < 1:
            raise ValueError(f"wanted at least one unit and one image to keep, got units={units}, k={k}")
        super().__init__()
        self.k = k
        self.add_state("keys", torch.full((units, k), _NOBODY, dtype=torch.int64), dist_reduce_fx=_merge)
        self.add_state("wins", torch.zeros(units, dtype=torch.int64), dist_reduce_fx="sum")

    def update(
        self,
        values: Float[Tensor, "batch units"],
        win_rate: Float[Tensor, "batch units"],
        index: Int[Tensor, " batch"],
    ) -> None:
        """Let a batch of images claim places.

        Args:
            values: Pooled activations.
            win_rate: Share of positions won; where it is 0 there is no claim.
            index: Positions in the data set, below 2³² − 1.
        """
        won = win_rate > 0
        claims = torch.where(won, _key(values, index[:, None]), _NOBODY)
        self.keys = torch.cat((self.keys, claims.T), dim=1).topk(self.k, dim=1).values
        self.wins += won.sum(0)

    def compute(self) -> Ranking:
        """Rank what was seen on all ranks.

        Raises:
            ValueError: If an activation was NaN.
        """
        values, index = _unlock(self.keys)
        if bool(values.isnan().any()):
            units = values.isnan().any(1).nonzero().flatten().tolist()
            raise ValueError(
                f"the activations of {len(units)} units held NaN (unit {units[0]} first); they cannot be ranked"
            )
        return Ranking(index, values, self.wins)


def _merge(stacked: Int[Tensor, "ranks units k"]) -> Int[Tensor, "units k"]:
    """The best of what the ranks kept."""
    return stacked.transpose(0, 1).flatten(1).topk(stacked.shape[-1], dim=1).values


def _key(values: Tensor, index: Tensor) -> Tensor:
    """Order-preserving int64 of (value, then lower index). NaN counts as the highest value, so that it is found."""
    plain = torch.where(values.isnan(), torch.nan, values.float() + 0.0)
    bits = plain.contiguous().view(torch.int32).long()
    ordered = torch.where(bits < 0, bits ^ 0x7FFFFFFF, bits)
    return (ordered << 32) + (_LAST_INDEX - index.long())


def _unlock(keys: Tensor) -> tuple[Tensor, Tensor]:
    """Values and indices of keys; -∞ and -1 where nobody claimed."""
    ordered = keys >> 32
    index = _LAST_INDEX - (keys & _LAST_INDEX)
    bits = torch.where(ordered < 0, ordered ^ 0x7FFFFFFF, ordered).int()
    nobody = keys == _NOBODY
    return bits.view(torch.float32).masked_fill(nobody, -torch.inf), index.masked_fill(nobody, -1)
