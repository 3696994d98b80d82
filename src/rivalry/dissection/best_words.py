"""The best word of every unit and its runner-up, kept while words pass by in tiles.

They take the place of a matrix of units × words, which is never there as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class BestWords:
    """The two best words of every unit; of equal words the first.

    Attributes:
        scores: Their scores, the best first; −∞ where there was no word, or the unit is dead.
        words: Their places in the vocabulary.
    """

    scores: Float[Tensor, "units 2"]
    words: Int[Tensor, "units 2"]

    @classmethod
    def none_yet(cls, units: int, device: torch.device) -> Self:
        """Before the first word."""
        scores = torch.full((units, 2), -torch.inf, dtype=torch.float64, device=device)
        return cls(scores, torch.zeros(units, 2, dtype=torch.int64, device=device))

    def after(self, first: int, scores: Float[Tensor, "units tile"]) -> Self:
        """Of these and a tile of later words.

        Args:
            first: Place of the tile's first word in the vocabulary, above those of all tiles before.
            scores: The tile's scores.

        >>> nobody = BestWords.none_yet(1, torch.device("cpu"))
        >>> nobody.after(0, torch.tensor([[1.0, 3.0]])).after(2, torch.tensor([[3.0, 2.0]])).words
        tensor([[1, 2]])
        """
        best, place = scores.max(1, keepdim=True)  # of equal ones the first, which topk does not promise
        next_best, next_place = scores.scatter(1, place, -torch.inf).max(1, keepdim=True)
        values = torch.cat([self.scores, best.double(), next_best.double()], 1)
        words = torch.cat([self.words, place + first, next_place + first], 1)
        order = values.argsort(dim=1, descending=True, stable=True)[:, :2]
        return type(self)(values.gather(1, order), words.gather(1, order))

    def among(self, units: int, living: Int[Tensor, " living"]) -> Self:
        """The same in a layer of more units, of which only those at the places ``living`` have words."""
        whole = self.none_yet(units, self.scores.device)
        return type(self)(
            whole.scores.index_copy(0, living, self.scores), whole.words.index_copy(0, living, self.words)
        )
