"""PCA: orthonormal concepts of largest energy, V Vᵀ = I, **without centring**, as A ≈ U V has no offset.

They are the leading right singular vectors of A (Eckart & Young 1936): no other concepts, as few as they, lose less of
it. Where rows have a mean, the first concept is near it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.extraction.dictionary import Dictionary, Fitted
from rivalry.concepts.extraction.extraction import Extraction
from rivalry.concepts.extraction.gram import gram
from rivalry.concepts.extraction.natural import Orthonormal


@final
@dataclass(frozen=True)
class PCA(Extraction):
    """Right singular vectors, the largest first, each turned so that its mean code is not negative."""

    name: ClassVar[str] = "pca"

    def most_concepts(self, channels: int) -> int:
        """As many as channels."""
        return channels

    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        axes = right_singular_vectors(rows, concepts).to(rows.dtype).T
        axes = torch.where((axes @ rows.mean(0) < 0)[:, None], -axes, axes)
        return Orthonormal(axes, Fitted.of(rows, rows @ axes.T, axes))


def right_singular_vectors(rows: Float[Tensor, "samples channels"], count: int) -> Float[Tensor, "channels vectors"]:
    """The leading ones in double precision, by eigenvectors of AᵀA or A Aᵀ, whichever is smaller; of either sign.

    Args:
        rows: A.
        count: At most as many as samples and as channels. Where the rank is lower the last are any orthonormal ones.
    """
    tall = len(rows) >= rows.shape[1]
    _, vectors = torch.linalg.eigh(gram(rows if tall else rows.T))
    leading: Tensor = vectors.flip(1)[:, :count]
    if tall:
        return leading
    right, _ = torch.linalg.qr(rows.T.double() @ leading)  # lengths become 1; a vector of none gets one of its own
    return torch.as_tensor(right)
