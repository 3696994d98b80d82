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


def random_order(
    codes: Float[Tensor, "images places concepts"], generator: torch.Generator
) -> Int[Tensor, "images concepts"]:
    """An order of its own for each picture, drawn on the CPU so that devices agree."""
    return torch.rand(len(codes), codes.shape[2], generator=generator).argsort(1).to(codes.device)
