"""What a concept is called: the word that CLIP finds likely for its views, and less so for those of other concepts.

    score(word) = mean over the concept's views of log p(word | view)
                  − ¼ · the same mean over views of all other concepts of the layer
                  − ½ · the same mean over views of the other concepts of its class
    p(word | view) = softmax over words of scale · cos(view, word)

Views are what surrounds its crops, and the pictures that these are of: CLIP has learnt whole pictures, and hardly knows
what a small part shows. What is taken off lets a word tell concepts apart, above all those of a class, whose pictures
all show the class; taken off whole, as in pointwise mutual information, it leaves few true names
(``docs/concept_extraction.md``). All this is our own choice.

Since log p = scale · cos − log Σ exp(scale · cos), its means follow from the mean feature of the views and the mean of
the logarithm alone: a few hundred numbers a concept are kept, however many words and views there are. The scale is the
one that CLIP was trained with.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

BACKGROUND = (0.25, 0.5)
"""How much of what is said of views of other concepts is taken off: of the layer, and of the class."""


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
    class_: Int[Tensor, " concepts"],
    words: Float[Tensor, "words features"],
    vocabulary: tuple[str, ...],
    scale: float,
    *,
    background: tuple[float, float] = BACKGROUND,
) -> list[Called]:
    """Call every concept by the word of the highest score.

    Args:
        seen: What CLIP sees in the views of all concepts of a layer.
        class_: Of which class each is.
        words: Features of unit length of the vocabulary.
        vocabulary: The words themselves, two or more.
        scale: As in :meth:`SeenViews.of`.
        background: How much is taken off of the layer's other concepts, and of the class's.

    Returns:
        One a concept; of what has no views nothing is taken off.
    """
    counts = seen.counts.double()[:, None]
    kept = torch.cat((seen.features, seen.masses[:, None]), 1).double()
    layer, own = (_others(kept, counts, group) for group in (torch.zeros_like(class_), class_))
    left = kept - background[0] * layer - background[1] * own
    scores = scale * left[:, :-1] @ words.double().T - left[:, -1:]
    best = scores.topk(2, dim=1)
    return [
        Called(vocabulary[first], score, vocabulary[second]) if count else Called()
        for count, score, (first, second) in zip(
            seen.counts.tolist(), best.values[:, 0].tolist(), best.indices.tolist(), strict=True
        )
    ]


def _others(
    kept: Float[Tensor, "concepts columns"], counts: Float[Tensor, "concepts 1"], group: Int[Tensor, " concepts"]
) -> Float[Tensor, "concepts columns"]:
    """The mean over the views of all others of a concept's group; 0 where they have none."""
    weighed = torch.cat((counts * kept, counts), 1)
    sums = weighed.new_zeros(int(group.max()) + 1, weighed.shape[1]).index_add_(0, group, weighed)[group] - weighed
    return sums[:, :-1] / sums[:, -1:].clamp(min=1)
