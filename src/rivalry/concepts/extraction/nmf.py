"""Non-negative matrix factorisation: codes and concepts ≥ 0 (CRAFT, Fel et al. 2023; ICE, Zhang et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.extraction.dictionary import Dictionary, Fitted
from rivalry.concepts.extraction.extraction import Extraction
from rivalry.concepts.extraction.gram import relative_error
from rivalry.concepts.extraction.non_negative import non_negative_codes


@final
@dataclass(frozen=True, eq=False)
class NonNegative(Dictionary):
    """Concepts whose codes are the non-negative least squares of a row."""

    def encode(self, rows: Float[Tensor, "samples channels"]) -> Float[Tensor, "samples concepts"]:
        """The argmin over u ≥ 0 of ‖a − u V‖²."""
        return non_negative_codes(rows, self.concepts.to(rows))


@final
@dataclass(frozen=True)
class NMF(Extraction):
    """Non-negative codes and concepts; of signed activations V = V⁺ − V⁻ from the factors of [a⁺, a⁻].

    Args:
        iterations: At most.
        tolerance: It has converged where the error falls by less than this share of itself.
    """

    iterations: int = 200
    tolerance: float = 1e-4
    name: ClassVar[str] = "nmf"

    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        signed = bool((rows < 0).any())
        parts = torch.cat([rows.relu(), (-rows).relu()], 1) if signed else rows
        generator = torch.Generator().manual_seed(seed)
        scale = (parts.mean() / concepts).sqrt()
        found = torch.rand(concepts, parts.shape[1], generator=generator).to(parts) * scale
        history = []
        for _ in range(self.iterations):
            codes = non_negative_codes(parts, found)
            found = non_negative_codes(parts.T, codes.T).T.contiguous()
            history.append(relative_error(parts, codes, found))
            if len(history) > 1 and history[-2] - history[-1] < self.tolerance * history[-1]:
                break
        channels = rows.shape[1]
        found = found[:, :channels] - found[:, channels:] if signed else found
        error = relative_error(rows, non_negative_codes(rows, found), found)
        return NonNegative(found, Fitted(len(history), len(history) < self.iterations, error, tuple(history)))
