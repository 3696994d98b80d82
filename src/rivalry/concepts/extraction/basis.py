"""The unsupervised basis as an extraction: directions answer, and concepts are what their answers stand for.

    U = max(0, A W − b) ,   V = argmin ‖A − U V‖

(Doumanoglou et al. 2023 have W and b; to read their answers as codes, and V, is ours.) The basis was found without the
class. Its directions that carry most of the class are taken, and only V is fitted to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.concepts.extraction.dictionary import Dictionary, Fitted
from rivalry.concepts.extraction.extraction import Extraction
from rivalry.concepts.extraction.gram import gram, products
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

    def most_concepts(self, channels: int) -> int:
        """As many as there are directions."""
        return self.directions.weights.shape[1]

    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        if len(self.directions.weights) != rows.shape[1]:
            raise ValueError(
                f"directions of {len(self.directions.weights)} channels do not fit activations of {rows.shape[1]}"
            )
        weights, bias = self.directions.weights.to(rows), self.directions.bias.to(rows)
        answers = (rows @ weights - bias).relu()
        chosen = carrying(answers, rows, concepts)
        codes = answers[:, chosen]
        found = least_squares(codes, rows)
        return Rectified(found, Fitted.of(rows, codes, found), weights[:, chosen], bias[chosen])


def carrying(
    codes: Float[Tensor, "samples directions"], rows: Float[Tensor, "samples channels"], count: int
) -> Int[Tensor, " chosen"]:
    """Codes that together carry most of the rows, by forward selection, the one that adds most first.

    Each next one is that whose part beside those chosen before explains most of ‖A‖² by least squares (orthogonal least
    squares, Chen, Billings & Luo 1989). All in products of codes: UᵀU and UᵀA are made once.

    >>> carrying(torch.tensor([[1.0, 1.1, 0.0], [1.0, 0.9, 0.0], [0.0, 0.0, 0.5]]), torch.eye(3)[[0, 0, 2]], 2)
    tensor([0, 2])
    """
    pairs, read = gram(codes), products(codes, rows)
    least = 1e-9 * pairs.diagonal()  # of what is no more than that beside the chosen ones only rounding is left
    chosen: list[int] = []
    for _ in range(count):
        beside = pairs.diagonal()
        gain = torch.where(beside > least, read.square().sum(1) / beside, 0)
        gain[chosen] = -1
        place = int(gain.argmax())
        chosen.append(place)
        if float(gain[place]) > 0:
            share = pairs[:, place] / pairs[place, place]
            read = read - share[:, None] * read[place]
            pairs = pairs - share[:, None] * pairs[place]
    return torch.tensor(chosen, device=codes.device)


def least_squares(
    codes: Float[Tensor, "samples concepts"], rows: Float[Tensor, "samples channels"]
) -> Float[Tensor, "concepts channels"]:
    """The V of least ‖A − U V‖, the shortest where several are; 0 for a concept that no row has."""
    inverse: Tensor = torch.linalg.pinv(gram(codes), hermitian=True)
    return (inverse @ products(codes, rows)).to(rows.dtype)
