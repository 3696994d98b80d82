"""K-Means: a code is one-hot, a concept the mean of a cluster (ACE, Ghorbani et al. 2019, in this frame)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from rivalry.concepts.extraction.dictionary import Dictionary, Fitted
from rivalry.concepts.extraction.extraction import Extraction
from rivalry.concepts.extraction.gram import relative_error
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
    """Means of clusters.

    Args:
        restarts: Runs of which the best counts.
        iterations: Lloyd's steps at most.
    """

    restarts: int = 3
    iterations: int = 300
    name: ClassVar[str] = "kmeans"

    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        found = kmeans(rows[None], concepts, seed=seed, iterations=self.iterations, restarts=self.restarts)
        codes = functional.one_hot(found.labels[0], concepts).to(rows)
        error = relative_error(rows, codes, found.centroids[0])
        return Centroids(found.centroids[0], Fitted(self.iterations, True, error))
