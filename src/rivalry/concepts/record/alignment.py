"""Whose concept is it? Its likeness to what the classifier reads for each class, and to the concepts of other classes.

Both are cosines, of a dictionary's rows with the rows of the linear classifier behind the layer, and with each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

LISTED = 5
"""Classes and concepts that are listed as the most like a concept."""

_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Likeness:
    """What is most like each concept, the most alike first.

    Attributes:
        which: Positions of classes or concepts.
        cosines: Their cosines, −1 to 1.
    """

    which: Int[Tensor, "concepts listed"]
    cosines: Float[Tensor, "concepts listed"]


def aligned_classes(
    concepts: Float[Tensor, "concepts channels"], classifier: Float[Tensor, "classes channels"], count: int = LISTED
) -> Likeness:
    """The classes whose weights point the way of a concept.

    >>> aligned_classes(torch.tensor([[0.0, 2.0]]), torch.eye(2), 1)
    Likeness(which=tensor([[1]]), cosines=tensor([[1.]]))
    """
    rows = functional.normalize(classifier.float(), dim=1)
    cosines = functional.normalize(concepts.to(rows), dim=1) @ rows.T
    best = cosines.topk(min(count, len(rows)), dim=1)
    return Likeness(best.indices, best.values)


def similar_concepts(
    concepts: Float[Tensor, "concepts channels"], class_: Int[Tensor, " concepts"], count: int = LISTED
) -> Likeness:
    """The concepts of other classes that point the way of each concept.

    A block of rows is compared at a time, so that memory grows with the number of concepts and not with its square.

    Args:
        concepts: Of all classes.
        class_: Which class each is of; concepts of its own class do not count.
        count: How many at most.

    Returns:
        Fewer are listed where no other class has as many. Where a concept has less than others, −1 and NaN stand.

    >>> similar_concepts(torch.eye(2)[[0, 0, 1]], torch.tensor([0, 1, 1]), 1).which.flatten()
    tensor([1, 0, 0])
    """
    rows = functional.normalize(concepts.float(), dim=1)
    found, alike = [], []
    for block, own in zip(torch.split(rows, _ROWS_AT_ONCE), torch.split(class_, _ROWS_AT_ONCE), strict=True):
        cosines = (block @ rows.T).masked_fill(own[:, None] == class_, -torch.inf)
        best = cosines.topk(min(count, len(rows)), dim=1)
        found.append(best.indices.masked_fill(best.values == -torch.inf, -1))
        alike.append(best.values.masked_fill(best.values == -torch.inf, torch.nan))
    return Likeness(torch.cat(found), torch.cat(alike))


def shared_pairs(likeness: Likeness, count: int) -> list[tuple[int, int, float]]:
    """The pairs of concepts of different classes that are most alike: both positions, and the cosine.

    Args:
        likeness: Of :func:`similar_concepts`; a pair of which neither lists the other is not found.
        count: How many pairs at most.
    """
    pairs = {
        (min(own, other), max(own, other)): cosine
        for own, (others, cosines) in enumerate(zip(likeness.which.tolist(), likeness.cosines.tolist(), strict=True))
        for other, cosine in zip(others, cosines, strict=True)
        if other >= 0
    }
    ordered = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(first, second, cosine) for (first, second), cosine in ordered[:count]]
