"""K-Means: a code is one-hot, a concept the mean of a cluster of activations (ACE, Ghorbani et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from rivalry.concepts.extraction.dictionary import Dictionary, Fitted
from rivalry.concepts.extraction.extraction import Extraction
from rivalry.numerics.kmeans import assign, kmeans


@final
@dataclass(frozen=True, eq=False)
class Centroids(Dictionary):
    """Means of clusters: the code of a row is 1 for the nearest and 0 for the others."""

    def encode(self, rows: Float[Tensor, "samples channels"]) -> Float[Tensor, "samples concepts"]:
        """One-hot rows."""
        nearest = assign(rows[None], self.concepts.to(rows)[None])[0]
        return functional.one_hot(nearest, len(self.concepts)).to(rows)


@final
@dataclass(frozen=True)
class KMeans(Extraction):
    """Means of clusters, found by :func:`rivalry.numerics.kmeans.kmeans`.

    It has converged where another step would make the sum of squares smaller by no more than ``tolerance`` of it.

    Args:
        restarts: Runs of which the best counts.
        iterations: Lloyd's steps at most.
        tolerance: Share of the sum of squares.

    Raises:
        ValueError: Where an argument is not positive.
    """

    restarts: int = 3
    iterations: int = 300
    tolerance: float = 1e-5
    name: ClassVar[str] = "kmeans"

    def __post_init__(self) -> None:
        if min(self.restarts, self.iterations) < 1 or not self.tolerance > 0:
            raise ValueError(
                f"restarts and iterations are 1 or more, tolerance is above 0; got {self.restarts}, {self.iterations} "
                f"and {self.tolerance}"
            )

    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        found = kmeans(
            rows[None],
            concepts,
            seed=seed,
            iterations=self.iterations,
            tolerance=self.tolerance,
            restarts=self.restarts,
        )
        dictionary = Centroids(found.centroids[0], Fitted(None, True, 0.0))
        codes = dictionary.encode(rows)
        lost = float((rows - dictionary.decode(codes)).square().sum())
        converged = float(found.inertia) - lost <= self.tolerance * lost
        return replace(dictionary, fitted=Fitted.of(rows, codes, dictionary.concepts, None, converged))
