"""What the directions of bases answer: at the places that were kept, and to whole pictures, of which CLIP tells more.

The answer of a direction to a place is y = σ(z), to a picture the mean over its places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.basis.bases import Basis
from rivalry.basis.sparsity import Sparsity, redundancy, sparsity
from rivalry.numerics.semantics import monosemanticity_of_all, unit_interval
from rivalry.recording.sample_rows import Rows, SampleRows


@dataclass(frozen=True)
class Answers:
    """How a basis answers at the places that were kept.

    Attributes:
        sparsity: Of the answers.
        redundancy: Of every direction the largest |correlation| of its z with another direction's.
    """

    sparsity: Sparsity
    redundancy: Float[Tensor, " directions"]


def answers_of(basis: Basis, vectors: Float[Tensor, "pixels channels"]) -> Answers:
    """How a basis answers.

    Args:
        basis: Any.
        vectors: Raw features of places.
    """
    scores = vectors @ basis.answers.weights.to(vectors) - basis.answers.bias.to(vectors)
    return Answers(sparsity(scores), redundancy(scores - scores.mean(0)))


class PictureAnswers:
    """Mean answers of all directions of a layer's bases to some pictures.

    Memory is 4 bytes × pictures × directions, three times that for the moment in which they are gathered.

    Args:
        bases: By name.
        pictures: Positions of those pictures in the data set, ascending.
    """

    def __init__(self, bases: Mapping[str, Basis], pictures: Int[Tensor, " pictures"]) -> None:
        self._bases, self._pictures = bases, pictures
        self._widths = [one.answers.weights.shape[1] for one in bases.values()]
        self._rows = SampleRows(sum(self._widths), len(pictures)).to(pictures.device)

    def add(self, maps: Float[Tensor, "batch channels height width"], index: Int[Tensor, " batch"]) -> None:
        """Take in the pictures of a batch that are wanted, perhaps none."""
        keep = torch.isin(index, self._pictures)
        rows = [one.answers.of(maps[keep]).sigmoid().mean((2, 3)) for one in self._bases.values()]
        self._rows.update(torch.cat(rows, 1), index[keep])

    def monosemanticity(self, features: Float[Tensor, "pictures features"]) -> dict[str, Float[Tensor, " directions"]]:
        """How alike are the pictures that each direction answers to, by basis. A collective.

        Args:
            features: Of the pictures, in their order, also of those that the pass has not shown.

        Returns:
            In [-1, 1]; NaN where a direction answered to fewer than two pictures, as in a pass that was cut short.
        """
        found: Rows = self._rows.compute()
        shown = features[torch.isin(self._pictures, found.index).to(features.device)]
        parts = torch.split(found.values, self._widths, dim=1)
        return {name: _monosemanticity(one, shown) for name, one in zip(self._bases, parts, strict=True)}


def _monosemanticity(
    answers: Float[Tensor, "pictures directions"], features: Float[Tensor, "pictures features"]
) -> Float[Tensor, " directions"]:
    if len(answers) < 2:
        return answers.new_full((answers.shape[1],), torch.nan)
    weights = unit_interval(answers.T, answers.amin(0), answers.amax(0)).T
    return monosemanticity_of_all(weights, features.to(weights))
