"""K-Means: a code is one-hot, a concept the mean of a cluster of activations (ACE, Ghorbani et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
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
        return one_hot(rows, self.concepts.to(rows))


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
        codes = one_hot(rows, found.centroids[0])
        means = codes.T @ rows / codes.sum(0).clamp(min=1)[:, None]
        left = float((rows - one_hot(rows, means) @ means).square().sum(dtype=torch.double))
        converged = float(found.inertia) - left <= self.tolerance * float(found.inertia)
        return Centroids(found.centroids[0], Fitted.of(rows, codes, found.centroids[0], None, converged))


def one_hot(
    rows: Float[Tensor, "samples channels"], means: Float[Tensor, "concepts channels"]
) -> Float[Tensor, "samples concepts"]:
    """1 for the nearest of the means, the first of several as near, and 0 for the others.

    >>> one_hot(torch.tensor([[0.0], [4.0]]), torch.tensor([[5.0], [1.0]]))
    tensor([[0., 1.],
            [1., 0.]])
    """
    return functional.one_hot(assign(rows[None], means[None])[0], len(means)).to(rows)
