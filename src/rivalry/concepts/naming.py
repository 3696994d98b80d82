"""What a concept is called: the word that CLIP finds likely for its views, and less so for those of other concepts.

    score(word) = mean over the concept's views of log p(word | view) − λ · the same mean over all others' views
    p(word | view) = softmax over words of scale · cos(view, word)

Views are what surrounds its crops, and the pictures that these are of: CLIP has learnt whole pictures, and hardly knows
what a small part shows. λ = 1 would be the pointwise mutual information of word and concept; at λ = ½ more of the names
are true (``docs/concept_extraction.md``). All this is our own choice. Since log p = scale · cos − log Σ exp(scale ·
cos), its means follow from the mean feature of the views and the mean of the logarithm alone: a few hundred numbers a
concept are kept, however many words and views there are. The scale is the one that CLIP was trained with.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

BACKGROUND = 0.5
"""λ, how much of what is said of other concepts' views is taken off."""


@dataclass(frozen=True)
class SeenViews:
    """What CLIP sees in the views of some concepts.

    Attributes:
        counts: Views of each concept.
        features: Mean of their features of unit length; zeros where there are none.
        masses: Mean of log Σ exp(scale · cos) over the words.
    """

    counts: Int[Tensor, " concepts"]
    features: Float[Tensor, "concepts features"]
    masses: Float[Tensor, " concepts"]

    @classmethod
    def of(
        cls,
        features: Float[Tensor, "views features"],
        concept: Int[Tensor, " views"],
        concepts: int,
        words: Float[Tensor, "words features"],
        scale: float,
    ) -> SeenViews:
        """Average over the views of each concept.

        Args:
            features: Of unit length, of each view.
            concept: Of which concept it is, from 0.
            concepts: Their number.
            words: Features of unit length of the vocabulary.
            scale: Of the cosines, in the softmax.
        """
        masses = (scale * features.double() @ words.double().T).logsumexp(1)
        counts = torch.bincount(concept, minlength=concepts)
        shares = 1 / counts.clamp(min=1).double()
        summed = features.new_zeros(concepts, features.shape[1], dtype=torch.float64)
        summed.index_add_(0, concept, features.double())
        mass = masses.new_zeros(concepts).index_add_(0, concept, masses)
        return cls(counts, summed * shares[:, None], mass * shares)


@dataclass(frozen=True)
class Called:
    """What a concept is called.

    Attributes:
        name: The best word; None without views.
        score: In nats.
        runner_up: The second-best word.
    """

    name: str | None = None
    score: float | None = None
    runner_up: str | None = None


def name_concepts(
    seen: SeenViews,
    words: Float[Tensor, "words features"],
    vocabulary: tuple[str, ...],
    scale: float,
    *,
    background: float = BACKGROUND,
) -> list[Called]:
    """Call every concept by the word of the highest score.

    Args:
        seen: What CLIP sees in the views of all concepts of a layer; they are each other's background.
        words: Features of unit length of the vocabulary.
        vocabulary: The words themselves, two or more.
        scale: As in :meth:`SeenViews.of`.
        background: λ.

    Returns:
        One a concept. Where no other concept has views there is no background, and the score is the mean log p.
    """
    counts = seen.counts.double()[:, None]
    kept = torch.cat((seen.features, seen.masses[:, None]), 1).double()
    others = (counts * kept).sum(0) - counts * kept
    differences = kept - background * others / (counts.sum() - counts).clamp(min=1)
    scores = scale * differences[:, :-1] @ words.double().T - differences[:, -1:]
    best = scores.topk(2, dim=1)
    return [
        Called(vocabulary[first], score, vocabulary[second]) if count else Called()
        for count, score, (first, second) in zip(
            seen.counts.tolist(), best.values[:, 0].tolist(), best.indices.tolist(), strict=True
        )
    ]
