"""From what a layer's units responded to, and the features of images and words, to a label for each unit.

Units of one layer are scored together (see :mod:`rivalry.dissection.similarity`): labels depend on the company.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.dissection import similarity as measure
from rivalry.dissection.best_words import BestWords
from rivalry.dissection.evidence import Terms, evidence_tiles, log_normalisers
from rivalry.dissection.similarity import Similarity

TOP_K: dict[Similarity, int] = {
    "soft_wpmi": 100,
    "wpmi": 28,
    "cos_similarity": 20,
    "cos_similarity_cubed": 20,
    "rank_reorder": 20,
}
"""Top images kept for a unit by default: the paper's number where the score needs them, else enough to look at."""

_ELEMENTS_AT_ONCE = 2**25


@dataclass(frozen=True)
class Name:
    """What a unit is called.

    Attributes:
        label: The best word; empty for a dead unit.
        score: Its score; None for a dead unit.
        runner_up: The second-best word; empty for a dead unit.
        margin: By how much the best is better, ≥ 0; None for a dead unit.
    """

    label: str
    score: float | None
    runner_up: str
    margin: float | None


def name_units(best: BestWords, words: Sequence[str], dead: Bool[Tensor, " units"]) -> list[Name]:
    """Call every unit by its best word.

    >>> best = BestWords(torch.tensor([[1.0, 0.25], [0.0, 0.0]]), torch.tensor([[1, 0], [0, 1]]))
    >>> name_units(best, ["sky", "snow"], torch.tensor([False, True]))[0]
    Name(label='snow', score=1.0, runner_up='sky', margin=0.75)
    """
    return [
        Name("", None, "", None) if gone else Name(words[first], one, words[second], one - two)
        for (one, two), (first, second), gone in zip(
            best.scores.tolist(), best.words.tolist(), dead.tolist(), strict=True
        )
    ]


def needs_all_images(similarity: Similarity) -> bool:
    """Whether a similarity looks at every image of the probe set, or at each unit's top images alone."""
    return similarity not in ("wpmi", "soft_wpmi")


def best_by_top_images(
    similarity: Similarity,
    top: Int[Tensor, "units k"],
    images: Float[Tensor, "samples features"],
    words: Float[Tensor, "concepts features"],
    normalisers: Float[Tensor, " samples"] | None = None,
) -> BestWords:
    """Score a layer by ``wpmi`` or ``soft_wpmi``; a unit without wins has no best word.

    Args:
        similarity: The function.
        top: Rows of ``images``, strongest first; -1 where a unit has no more wins.
        images: Features of unit length of the images that occur in ``top``, and of others perhaps.
        words: Features of unit length of the vocabulary.
        normalisers: Those of :func:`softmax_normalisers` for the images, where other layers need them as well.
    """
    (living,) = (top >= 0).any(1).nonzero(as_tuple=True)
    best = BestWords.none_yet(len(living), images.device)
    if len(living):
        rows, places = torch.unique(top[living].clamp(min=0), return_inverse=True)
        places = places.masked_fill(top[living] < 0, -1)
        own = images if len(rows) == len(images) else images[rows]
        masses = softmax_normalisers(similarity, own, words) if normalisers is None else normalisers[rows]
        strength = parameters(similarity)["strength"]
        for first, evidence in evidence_tiles(_terms(similarity, top.shape[1]), places, own, masses, words):
            best = best.after(first, evidence.sub_(strength * measure.log_commonness(evidence)))
    return best.among(len(top), living)


def softmax_normalisers(
    similarity: Similarity, images: Float[Tensor, "samples features"], words: Float[Tensor, "concepts features"]
) -> Float[Tensor, " samples"]:
    """Logarithm of the normaliser of each image's softmax over the words, as ``wpmi`` or ``soft_wpmi`` take it."""
    return log_normalisers(images, words, parameters(similarity)["scale"])


def best_by_all_images(
    similarity: Similarity,
    activations: Float[Tensor, "samples units"],
    images: Float[Tensor, "samples features"],
    words: Float[Tensor, "concepts features"],
) -> BestWords:
    """Score a layer by one of the other three, some concepts at a time.

    Memory is 8 bytes × samples × units beside the arguments, and 0.4 GB at most for a tile of concepts.

    Args:
        similarity: The function.
        activations: Pooled activations of every image.
        images: Features of unit length, in the same order.
        words: Features of unit length of the vocabulary.
    """
    functions = {
        "cos_similarity": measure.cos_similarity,
        "cos_similarity_cubed": measure.cos_similarity_cubed,
        "rank_reorder": measure.rank_reorder,
    }
    group = max(1, _ELEMENTS_AT_ONCE // max(activations.shape))
    best = BestWords.none_yet(activations.shape[1], images.device)
    for first in range(0, len(words), group):
        tile = words[first : first + group]
        best = best.after(first, functions[similarity](images @ tile.T, activations))
    return best


def parameters(similarity: Similarity) -> dict[str, float]:
    """The numbers in a similarity's formula, as they are used here: the papers' defaults."""
    functions = [getattr(measure, similarity), getattr(measure, f"{similarity}_evidence", None)]
    signatures = [inspect.signature(function) for function in functions if function is not None]
    return {
        name: parameter.default
        for signature in signatures
        for name, parameter in signature.parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def check_similarity(similarity: str) -> None:
    """Raise a ``ValueError`` for an unknown similarity."""
    known = get_args(Similarity)
    if similarity not in known:
        raise ValueError(f"unknown similarity {similarity!r}; known are {', '.join(known)}")


def _terms(similarity: Similarity, k: int) -> Terms:
    """The terms ``c_r + p_r S_r`` whose logarithms the formula adds up, for k top images."""
    given = parameters(similarity)
    sure = measure.membership(k, given["surest"], given["least_sure"]) if similarity == "soft_wpmi" else [1.0] * k
    return Terms(given["scale"], tuple(1 - p + measure.EPSILON for p in sure), tuple(sure))
