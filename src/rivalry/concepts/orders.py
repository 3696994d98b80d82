"""Concepts that come one after another: the logit at each step, from none of them to all."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.concepts.answer import Answer


def logits_in_order(
    answer: Answer, codes: Float[Tensor, "images places concepts"], order: Int[Tensor, "images concepts"]
) -> Float[Tensor, "images steps"]:
    """The logits of the first none, one, two … of the concepts, each picture in its own order.

    As concepts go instead, they are those of the order backwards.

    Args:
        answer: The class's logit as a function of codes.
        codes: Of all pictures.
        order: Every concept of a picture once.

    Returns:
        One more than there are concepts.
    """
    ranks = order.argsort(1)
    counts = torch.arange(codes.shape[2] + 1, device=codes.device)
    return answer.masked(codes, (ranks[:, None, :] < counts[:, None]).to(codes))


def descending_order(
    importance: Float[Tensor, "images concepts"], generator: torch.Generator
) -> Int[Tensor, "images concepts"]:
    """Concepts of each picture by their importance, the largest first; those that are equal come in random order.

    Else what does not tell concepts apart, as the variance of a gradient that is the same everywhere, would be judged
    by the order in which concepts happen to be numbered.
    """
    shuffled = random_order(importance[:, None], generator)
    return shuffled.gather(1, importance.gather(1, shuffled).argsort(dim=1, descending=True, stable=True))


def random_order(
    codes: Float[Tensor, "images places concepts"], generator: torch.Generator
) -> Int[Tensor, "images concepts"]:
    """An order of its own for each picture, drawn on the CPU so that devices agree."""
    return torch.rand(len(codes), codes.shape[2], generator=generator).argsort(1).to(codes.device)
