"""Non-negative matrix factorisation: codes and concepts ≥ 0 (CRAFT, Fel et al. 2023; ICE, Zhang et al. 2021).

Codes and concepts are found in turns, each by a few sweeps of coordinate descent in Gram form
(:mod:`rivalry.numerics.non_negative`): accelerated HALS (Gillis & Glineur 2012). A turn costs the two
products of A with the smaller factors, and its error follows from these products.

Signed activations, as LWTA's winners are, have no such factors. There [a⁺, a⁻], the positive and the negative parts
side by side, are factorised, and a concept is V = V⁺ − V⁻: codes stay non-negative, and a concept tells units that are
below zero from units that are above. That is our choice; where nothing is negative it is the same as plain NMF.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from rivalry.concepts.extraction.dictionary import Dictionary, Fitted
from rivalry.concepts.extraction.extraction import Extraction
from rivalry.concepts.extraction.gram import squares
from rivalry.concepts.extraction.nmf_start import first_concepts
from rivalry.numerics.non_negative import descend, non_negative_codes

_SWEEPS = 3
"""Of coordinate descent in a turn: they cost little beside the products of A."""


@final
@dataclass(frozen=True, eq=False)
class NonNegative(Dictionary):
    """Concepts of length 1 whose codes are the non-negative least squares of a row."""

    def encode(self, rows: Float[Tensor, "samples channels"]) -> Float[Tensor, "samples concepts"]:
        """The u ≥ 0 of least ‖a − u V‖; of signed rows too."""
        wide = rows.to(torch.promote_types(rows.dtype, torch.float32))  # half precision adds up over many sweeps
        return non_negative_codes(wide, self.concepts.to(wide)).to(rows)


@final
@dataclass(frozen=True)
class NMF(Extraction):
    """Non-negative codes, and concepts that are non-negative where activations are.

    Args:
        iterations: Turns at most.
        tolerance: It has converged where a turn makes the error smaller by less than this share of it.

    Raises:
        ValueError: Where an argument is not positive.
    """

    iterations: int = 200
    tolerance: float = 1e-4
    name: ClassVar[str] = "nmf"

    def __post_init__(self) -> None:
        if self.iterations < 1 or not self.tolerance > 0:
            raise ValueError(f"iterations are 1 or more, tolerance is above 0; got {self.iterations}, {self.tolerance}")

    def _fit(self, rows: Float[Tensor, "samples channels"], concepts: int, seed: int) -> Dictionary:
        signed = bool((rows < 0).any())
        parts = torch.cat([rows.relu(), (-rows).relu()], 1) if signed else rows
        found = first_concepts(parts, concepts, seed)
        history: list[float] = []
        converged = False
        for error in self._turns(parts, found):
            history.append(error)
            converged = len(history) > 1 and history[-2] - error <= self.tolerance * error  # also where nothing is lost
            if converged:
                break
        whole = found[:, : rows.shape[1]] - found[:, rows.shape[1] :] if signed else found
        whole = functional.normalize(whole, dim=1)
        codes = non_negative_codes(rows, whole)
        return NonNegative(whole, Fitted.of(rows, codes, whole, len(history), converged, history))

    def _turns(self, rows: Tensor, concepts: Tensor) -> Iterator[float]:
        """Improve concepts in place; give ‖A − UV‖ / ‖A‖ after each turn."""
        energy = float(squares(rows).sum())
        codes = rows.new_zeros(len(concepts), len(rows))
        for _ in range(self.iterations):
            descend(codes, concepts @ rows.T, concepts @ concepts.T, _SWEEPS)
            products, pairs = codes @ rows, codes @ codes.T
            descend(concepts, products, pairs, _SWEEPS)
            explained = 2 * (products.double() * concepts).sum()
            explained -= (pairs.double() * (concepts.double() @ concepts.double().T)).sum()
            yield math.sqrt(max(0.0, 1 - float(explained) / energy))
