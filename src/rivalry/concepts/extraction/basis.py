"""The unsupervised basis as an extraction: its directions answer, and concepts are what these answers stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.extraction.dictionary import Dictionary, Fitted
from rivalry.concepts.extraction.extraction import Extraction
from rivalry.concepts.extraction.gram import relative_error
from rivalry.recording.directions import Directions


@final
@dataclass(frozen=True, eq=False)
class Rectified(Dictionary):
    """Concepts whose codes are what directions answer above zero.

    Attributes:
        weights: What each direction reads.
        bias: Taken off.
    """

    weights: Float[Tensor, "channels concepts"]
    bias: Float[Tensor, " concepts"]

    def encode(self, rows: Float[Tensor, "samples channels"]) -> Float[Tensor, "samples concepts"]:
        """max(0, a W − b)."""
        return (rows @ self.weights.to(rows) - self.bias.to(rows)).relu()


@final
@dataclass(frozen=True)
class Basis(Extraction):
    """The directions of a basis that carry most of the class; they must be given before a fit, by :meth:`of`.

    Args:
        source: Where they come from: the name of an analysis that offers directions of the layer, or what else may
            stand behind ``layer@`` (see :mod:`rivalry.recording.directions`).
    """

    source: str = "basis"
    name: ClassVar[str] = "basis"

    def of(self, directions: Directions) -> DirectedBasis:
        """The extraction by the directions of a layer."""
        return DirectedBasis(directions)

    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        raise ValueError(f"an extraction by the basis {self.source!r} wants its directions first: Basis.of(directions)")


@final
@dataclass(frozen=True, eq=False)
class DirectedBasis(Extraction):
    """The directions of a layer that carry most of the class.

    Args:
        directions: Of the layer.
    """

    directions: Directions
    name: ClassVar[str] = "basis"

    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        weights, bias = self.directions.weights.to(rows), self.directions.bias.to(rows)
        answers = (rows @ weights - bias).relu()
        chosen = answers.square().sum(0).argsort(descending=True, stable=True)[:concepts]
        codes = answers[:, chosen]
        found = (torch.linalg.pinv(codes.double()) @ rows.double()).to(rows)
        fitted = Fitted(0, True, relative_error(rows, codes, found), dead=int((codes == 0).all(0).sum()))
        return Rectified(found, fitted, weights[:, chosen], bias[chosen])
