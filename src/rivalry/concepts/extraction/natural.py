"""Natural units: the layer's own units, as they are. With LWTA they are sparse already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.extraction.dictionary import Dictionary, Fitted
from rivalry.concepts.extraction.extraction import Extraction
from rivalry.concepts.extraction.gram import relative_error


@final
@dataclass(frozen=True, eq=False)
class Orthonormal(Dictionary):
    """Concepts of length 1 at right angles: codes are products with them, signed as these are."""

    def encode(self, rows: Float[Tensor, "samples channels"]) -> Float[Tensor, "samples concepts"]:
        """A Vᵀ, the least squares."""
        return rows @ self.concepts.to(rows).T


@final
@dataclass(frozen=True)
class NaturalUnits(Extraction):
    """The units that carry most energy Σ a² of the class, the strongest first; all where all are asked for."""

    name: ClassVar[str] = "natural"
    within: ClassVar[bool] = True

    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        energy = rows.square().sum(0, dtype=torch.double)
        strongest = energy.argsort(descending=True, stable=True)[:concepts]
        units = torch.eye(rows.shape[1], device=rows.device)[strongest]
        error = relative_error(rows, rows[:, strongest], units)
        return Orthonormal(units, Fitted(0, True, error, dead=int((energy[strongest] == 0).sum())))
