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
from rivalry.concepts.extraction.gram import relative_error
from rivalry.numerics.kmeans import assign, kmeans


@final
@dataclass(frozen=True, eq=False)
class Centroids(Dictionary):
    """Means of clusters: the code of a row is 1 for the nearest and 0 for the others."""

    def encode(self, rows: Float[Tensor, "samples channels"]) -> Float[Tensor, "samples concepts"]:
        """One-hot rows."""
        wide = rows.to(torch.promote_types(rows.dtype, torch.float32))  # squares of half precision overflow
        return one_hot(wide, self.concepts.to(wide)).to(rows)


@final
@dataclass(frozen=True)
class KMeans(Extraction):
    """Means of clusters, found by :func:`rivalry.numerics.kmeans.kmeans`.

    It has converged where another step would change no code, or make the sum of squares smaller by no more than
    ``tolerance`` of it.

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
        means = found.centroids[0]
        codes = one_hot(rows, means)
        return Centroids(means, Fitted.of(rows, codes, means, None, self._converged(rows, codes, means)))

    def _converged(self, rows: Tensor, codes: Tensor, means: Tensor) -> bool:
        """Whether another step changes no code, or hardly the sum of squares, taken from residuals to be exact."""
        sizes = codes.sum(0)[:, None]
        moved = torch.where(sizes > 0, codes.T @ rows / sizes.clamp(min=1), means)
        again = one_hot(rows, moved)
        before, after = relative_error(rows, codes, means) ** 2, relative_error(rows, again, moved) ** 2
        return torch.equal(again, codes) or before - after <= self.tolerance * before


def one_hot(
    rows: Float[Tensor, "samples channels"], means: Float[Tensor, "concepts channels"]
) -> Float[Tensor, "samples concepts"]:
    """1 for the nearest of the means, the first of several as near, and 0 for the others.

    >>> one_hot(torch.tensor([[0.0], [4.0]]), torch.tensor([[5.0], [1.0]]))
    tensor([[0., 1.],
            [1., 0.]])
    """
    return functional.one_hot(assign(rows[None], means[None])[0], len(means)).to(rows)
