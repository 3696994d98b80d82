"""What a competition does: who wins, how evenly, how often the winner is negative, and how much of a layer is active.

Pure counts and their summary, and a metric that holds the counts over batches and ranks. The counts are taken from the
winners' own indices, never from the output: a winner may be negative or zero (Panousis & Chatzis's released code looks
for the largest output instead, and so names a silenced unit wherever the winner is negative).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torchmetrics import Metric

from rivalry.lwta.competition import split_blocks


class ActivitySummary(NamedTuple):
    """How a layer's units share the wins.

    Attributes:
        win_rate: Share of positions at which each unit won, (units,), in [0, 1].
        active_fraction: Share of the layer that is not zero, in [0, 1]; 1/U for a competition.
        winner_entropy: Entropy of the wins within a block over its maximum log U, averaged over blocks; 1 means that
            all competitors win alike, 0 that one always does.
        dead: Which units never won, (units,).
        negative_share: Share of winners below zero, in [0, 1].
        positions: Competitions a block has held.
    """

    win_rate: Float[Tensor, " units"]
    active_fraction: float
    winner_entropy: float
    dead: Bool[Tensor, " units"]
    negative_share: float
    positions: int


def count_wins(winners: Int[Tensor, "..."], competitors: int, dim: int) -> Int[Tensor, " units"]:
    """How often each unit won, over the batch and all positions.

    >>> count_wins(torch.tensor([[1, 0], [1, 1]]), competitors=2, dim=1)
    tensor([0, 2, 1, 1])
    """
    blocks = winners.movedim(dim, 0).flatten(1)
    first = torch.arange(blocks.shape[0], device=winners.device).unsqueeze(1) * competitors
    return torch.bincount((blocks + first).flatten(), minlength=blocks.shape[0] * competitors)


def winner_entropy(wins: Int[Tensor, " units"], competitors: int) -> float:
    """Entropy of the wins within a block over log U, averaged over blocks that held a competition; in [0, 1].

    >>> winner_entropy(torch.tensor([5, 5, 10, 0]), competitors=2)
    0.5
    """
    blocks = rearrange(wins.double(), "(blocks competitors) -> blocks competitors", competitors=competitors)
    blocks = blocks[blocks.sum(1) > 0]
    if len(blocks) == 0:
        return math.nan
    share = blocks / blocks.sum(1, keepdim=True)
    return float(torch.special.entr(share).sum(1).mean() / math.log(competitors))


class WinCounts(Metric):
    """Counts of wins, negative winners and non-zero outputs of one LWTA layer, over batches and ranks.

    Args:
        units: Width of the layer.
        competitors: Units in a block.
        dim: Axis of the units.
    """

    full_state_update = False
    wins: Tensor
    negative: Tensor
    active: Tensor
    positions: Tensor

    def __init__(self, units: int, competitors: int, dim: int) -> None:
        super().__init__()
        self.competitors = competitors
        self.dim = dim
        self.add_state("wins", torch.zeros(units, dtype=torch.long), dist_reduce_fx="sum")
        for name in ("negative", "active", "positions"):
            self.add_state(name, torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")

    def update(self, winners: Int[Tensor, "..."], output: Float[Tensor, "..."]) -> None:
        """Add one batch: the winners, and the layer's output of the same positions."""
        self.wins += count_wins(winners, self.competitors, self.dim)
        axis = self.dim % output.ndim
        won = split_blocks(output, self.competitors, axis).gather(axis + 1, winners.long().unsqueeze(axis + 1))
        self.negative += (won < 0).count_nonzero()
        self.active += (output != 0).count_nonzero()  # thrice as fast as to count what is not zero itself
        self.positions += winners.numel() // winners.shape[self.dim]

    def compute(self) -> ActivitySummary:
        """Summarise what was seen on all ranks."""
        positions = int(self.positions)
        blocks = len(self.wins) // self.competitors
        competitions_held = max(positions * blocks, 1)
        return ActivitySummary(
            win_rate=self.wins / max(positions, 1),
            active_fraction=int(self.active) / (competitions_held * self.competitors),
            winner_entropy=winner_entropy(self.wins, self.competitors),
            dead=self.wins == 0,
            negative_share=int(self.negative) / competitions_held,
            positions=positions,
        )
