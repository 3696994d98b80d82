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


def name_units(
    scores: Float[Tensor, "units concepts"], words: Sequence[str], dead: Bool[Tensor, " units"]
) -> list[Name]:
    """Call every unit by its best word; of equal words the first.

    >>> name_units(torch.tensor([[0.25, 1.0], [0.0, 0.0]]), ["sky", "snow"], torch.tensor([False, True]))[0]
    Name(label='snow', score=1.0, runner_up='sky', margin=0.75)
    """
    highest = scores.topk(2, dim=1).values
    places = _places(scores, highest).tolist()
    return [
        Name("", None, "", None) if gone else Name(words[best], one, words[next_best], one - two)
        for (one, two), (best, next_best), gone in zip(highest.tolist(), places, dead.tolist(), strict=True)
    ]


def needs_all_images(similarity: Similarity) -> bool:
    """Whether a similarity looks at every image of the probe set, or at each unit's top images alone."""
    return similarity not in ("wpmi", "soft_wpmi")


def score_by_top_images(
    similarity: Similarity,
    top: Int[Tensor, "units k"],
    images: Float[Tensor, "samples features"],
    words: Float[Tensor, "concepts features"],
) -> Float[Tensor, "units concepts"]:
    """Score a layer by ``wpmi`` or ``soft_wpmi``.

    Cosines are made for a group of units at a time: memory is units × concepts, and never samples × concepts.

    Args:
        similarity: The function.
        top: Rows of ``images``, strongest first; -1 where a unit has no more wins.
        images: Features of unit length of the images that occur in ``top``.
        words: Features of unit length of the vocabulary.
    """
    evidence = measure.soft_wpmi_evidence if similarity == "soft_wpmi" else measure.wpmi_evidence
    group = max(1, _ELEMENTS_AT_ONCE // (top.shape[1] * len(words)))
    parts = []
    for start in range(0, len(top), group):
        own = top[start : start + group]
        rows, places = torch.unique(own.clamp(min=0), return_inverse=True)
        places = places.masked_fill(own < 0, -1)
        parts.append(evidence(images[rows] @ words.T, places))
    return measure.above_chance(torch.cat(parts), float(str(parameters(similarity)["strength"])))


def score_by_all_images(
    similarity: Similarity,
    activations: Float[Tensor, "samples units"],
    images: Float[Tensor, "samples features"],
    words: Float[Tensor, "concepts features"],
) -> Float[Tensor, "units concepts"]:
    """Score a layer by one of the other three, some concepts at a time.

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
    group = max(1, _ELEMENTS_AT_ONCE // len(images))
    parts = [
        functions[similarity](images @ words[start : start + group].T, activations)
        for start in range(0, len(words), group)
    ]
    return torch.cat(parts, dim=1)


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


def _places(scores: Float[Tensor, "units concepts"], highest: Float[Tensor, "units 2"]) -> Int[Tensor, "units 2"]:
    """Where the two highest scores stand; of equal ones the first, which ``topk`` itself does not promise."""
    best = (scores == highest[:, :1]).byte().argmax(1, keepdim=True)
    others = (scores == highest[:, 1:]).scatter(1, best, False)
    return torch.cat([best, others.byte().argmax(1, keepdim=True)], 1)
