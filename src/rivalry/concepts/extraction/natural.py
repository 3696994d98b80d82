"""Natural units: the layer's own units, as they are. With LWTA they are sparse already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.extraction.dictionary import Dictionary, Fitted
from rivalry.concepts.extraction.extraction import Extraction
from rivalry.concepts.extraction.gram import squares


@final
@dataclass(frozen=True, eq=False)
class Orthonormal(Dictionary):
    """Concepts of length 1 at right angles: codes are products with them, and may be negative."""

    def encode(self, rows: Float[Tensor, "samples channels"]) -> Float[Tensor, "samples concepts"]:
        """A Vᵀ, which is the least squares."""
        return rows @ self.concepts.to(rows).T


@final
@dataclass(frozen=True)
class NaturalUnits(Extraction):
    """The units with the largest energy Σ a² in the class, the strongest first; all where as many are asked for."""

    name: ClassVar[str] = "natural"

    def most_concepts(self, channels: int) -> int:
        """As many as channels."""
        return channels

    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        strongest = squares(rows).argsort(descending=True, stable=True)[:concepts]
        units = torch.eye(rows.shape[1], device=rows.device)[strongest]
        return Orthonormal(units, Fitted.of(rows, rows[:, strongest], units))
