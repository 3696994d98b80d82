"""A sparse autoencoder: at most K codes of a row are not zero (top-k; Makhzani & Frey 2014, Gao et al. 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from rivalry.concepts.extraction.dictionary import Dictionary, Fitted
from rivalry.concepts.extraction.extraction import Extraction
from rivalry.concepts.extraction.gram import relative_error


@final
@dataclass(frozen=True, eq=False)
class TopK(Dictionary):
    """Concepts of length 1, and an encoder of their own.

    Attributes:
        weights: W of the encoder.
        bias: b of the encoder, in units of the activations.
        active: K, codes of a row that are not zero, at most.
    """

    weights: Float[Tensor, "concepts channels"]
    bias: Float[Tensor, " concepts"]
    active: int

    def encode(self, rows: Float[Tensor, "samples channels"]) -> Float[Tensor, "samples concepts"]:
        """The K largest of max(0, a Wᵀ + b), and 0 for the others."""
        return top_codes(rows @ self.weights.to(rows).T + self.bias.to(rows), self.active)


@final
@dataclass(frozen=True)
class SparseAutoencoder(Extraction):
    """A top-k sparse autoencoder, untied, without offset, its concepts of length 1.

    Args:
        active: K, at most as many as concepts (all of them then).
        epochs: At most.
        batch: Rows a step.
        rate: Of Adam at first.
    """

    active: int = 3
    epochs: int = 100
    batch: int = 512
    rate: float = 1e-2
    name: ClassVar[str] = "sae"

    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        generator = torch.Generator().manual_seed(seed)
        chosen = torch.randperm(len(rows), generator=generator)[:concepts].to(rows.device)
        units = functional.normalize(rows[chosen], dim=1)
        bias = rows.new_zeros(concepts)
        codes = top_codes(rows @ units.T, self.active)
        error = relative_error(rows, codes, units)
        dead = int((codes == 0).all(0).sum())
        return TopK(units, Fitted(0, False, error, dead=dead), units, bias, self.active)


def top_codes(scores: Float[Tensor, "samples concepts"], active: int) -> Float[Tensor, "samples concepts"]:
    """The largest positive scores of each row, and 0 for the others.

    >>> top_codes(torch.tensor([[3.0, -1.0, 2.0], [-1.0, -2.0, 5.0]]), 2)
    tensor([[3., 0., 2.],
            [0., 0., 5.]])
    """
    values, places = scores.relu().topk(min(active, scores.shape[1]), 1)
    return torch.zeros_like(scores).scatter(1, places, values)
