"""PCA: orthonormal concepts of largest energy, V Vᵀ = I, **without centring**, as A ≈ U V has no offset.

They are the leading right singular vectors of A; where rows have a mean, the first concept is near it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.extraction.dictionary import Dictionary, Fitted
from rivalry.concepts.extraction.extraction import Extraction
from rivalry.concepts.extraction.gram import relative_error
from rivalry.concepts.extraction.natural import Orthonormal


@final
@dataclass(frozen=True)
class PCA(Extraction):
    """Right singular vectors, the largest first, each turned so that its mean code is not negative."""

    name: ClassVar[str] = "pca"
    within: ClassVar[bool] = True

    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        wide = rows.double()
        _, vectors = torch.linalg.eigh(wide.T @ wide)
        axes = vectors.flip(1)[:, :concepts].T.to(rows)
        axes = torch.where((rows @ axes.T).mean(0)[:, None] < 0, -axes, axes)
        return Orthonormal(axes, Fitted(0, True, relative_error(rows, rows @ axes.T, axes)))
