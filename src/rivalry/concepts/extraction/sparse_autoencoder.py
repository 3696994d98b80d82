"""A sparse autoencoder: at most K codes of a row are not zero (top-k: Makhzani & Frey 2014; Gao et al. 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from rivalry.concepts.extraction.autoencoder_descent import Descent, top_codes
from rivalry.concepts.extraction.dictionary import Dictionary, Fitted
from rivalry.concepts.extraction.extraction import Extraction
from rivalry.concepts.extraction.gram import squares
from rivalry.numerics.kmeans import kmeans
from rivalry.numerics.sampling import draw


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
        return top_codes(functional.linear(rows, self.weights.to(rows), self.bias.to(rows)), self.active)


@final
@dataclass(frozen=True)
class SparseAutoencoder(Extraction):
    """A top-k sparse autoencoder: an encoder and concepts that are not tied to it, both without an offset of the rows.

    The encoder begins as the concepts do (:func:`first_concepts`), and both descend until the loss no longer falls. A
    concept that no row has had in an epoch begins anew with what a worst served row lacks; those that are without any
    row in the end are counted (:attr:`Fitted.dead`).

    Args:
        active: K, codes of a row that are not zero; all of them where there are fewer concepts.
        epochs: Over the rows, at most.
        batch: Rows a step, about.
        rate: Of Adam at first.
        samples: Rows that it is fitted to at most, drawn by seed.

    Raises:
        ValueError: Where an argument is not positive.
    """

    active: int = 3
    epochs: int = 100
    batch: int = 512
    rate: float = 3e-3
    samples: int = 8192
    name: ClassVar[str] = "sae"

    def __post_init__(self) -> None:
        if min(self.active, self.epochs, self.batch, self.samples) < 1 or not self.rate > 0:
            raise ValueError(
                f"active, epochs, batch and samples are 1 or more, and rate is above 0; got {self.active}, "
                f"{self.epochs}, {self.batch}, {self.samples} and {self.rate}"
            )

    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        with torch.inference_mode(False), torch.enable_grad():
            scale = (squares(rows).sum() / len(rows)).sqrt().to(rows)
            drawn = draw(len(rows), max(self.samples, concepts), seed).to(rows.device)
            descent = self._begin(rows[drawn] / scale, concepts, seed)
            history: list[float] = []
            while not descent.converged and len(history) < self.epochs:
                history.append(descent.epoch())
        found, weights = descent.concepts.detach(), descent.weights.detach()
        bias = descent.bias.detach() * scale
        codes = top_codes(functional.linear(rows, weights, bias), self.active)
        fitted = Fitted.of(rows, codes, found, len(history), descent.converged, history)
        return TopK(found, fitted, weights, bias, self.active)

    def _begin(self, rows: Tensor, concepts: int, seed: int) -> Descent:
        start = first_concepts(rows, concepts, seed)
        return Descent(rows, start, self.active, rate=self.rate, batch=self.batch, seed=seed)


def first_concepts(
    rows: Float[Tensor, "samples channels"], concepts: int, seed: int
) -> Float[Tensor, "concepts channels"]:
    """Concepts of length 1 to begin with: the direction of the mean, and those of clusters of what lies beside it.

    An encoder that begins as these concepts then begins near least squares. With the means of clusters themselves,
    which all lie near the mean of the class, it counts that mean several times over, and the descent takes longer and
    ends higher.
    """
    mean = functional.normalize(rows.mean(0, keepdim=True), dim=1)
    beside = rows - rows @ mean.T * mean
    if concepts == 1:
        return mean
    clusters = kmeans(beside[None], concepts - 1, seed=seed, restarts=1).centroids[0]
    return torch.cat([mean, functional.normalize(clusters, dim=1)])
