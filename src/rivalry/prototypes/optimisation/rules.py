"""Adam and NAdam of many images at once, each with a rate of learning and a count of steps of its own.

    m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²        both divided by what their sums of weights are so far
    x ← x − rate · m̂ / (√v̂ + ε)

Kingma & Ba, "Adam" (2015); Dozat, "Incorporating Nesterov Momentum into Adam" (2016), where m̂ looks one step ahead.
PyTorch's optimisers know one rate and one count for a tensor; images that start again, or leave the batch, need theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

Rule = Literal["adam", "nadam"]

_FIRST, _SECOND, _LEAST = 0.9, 0.999, 1e-8
_DECAY = 4e-3

Moments = Mapping[str, Tensor]
"""``first`` and ``second``, of the shape of the parameters; ``count`` and ``product`` (of NAdam's β₁), one an image."""


def no_moments(parameters: Float[Tensor, "images ..."]) -> dict[str, Tensor]:
    """What a rule remembers before the first step."""
    each = parameters.new_zeros(len(parameters), dtype=torch.float64)
    zeros = torch.zeros_like(parameters)
    return {"first": zeros, "second": zeros.clone(), "count": each, "product": torch.ones_like(each)}


def descend(
    rule: Rule, moments: Moments, gradient: Float[Tensor, "images ..."]
) -> tuple[Float[Tensor, "images ..."], dict[str, Tensor]]:
    """The step of each image, to be taken off its parameters times its rate; and what is remembered next.

    Args:
        rule: Which of the two.
        moments: Of the step before; left as they are.
        gradient: Of the loss.

    >>> step, _ = descend("adam", no_moments(torch.zeros(1, 2)), torch.tensor([[3.0, -0.1]]))
    >>> step.round()
    tensor([[ 1., -1.]])
    """
    first = moments["first"].lerp(gradient, 1 - _FIRST)
    second = (_SECOND * moments["second"]).addcmul_(gradient, gradient, value=1 - _SECOND)
    count = moments["count"] + 1
    spread = second.sqrt().div_(_wide((1 - _SECOND**count).sqrt(), second)).add_(_LEAST)
    if rule == "adam":
        product = moments["product"]
        ahead = first / _wide(1 - _FIRST**count, first)
    else:
        now, next_ = _momentum(count), _momentum(count + 1)
        product = moments["product"] * now
        ahead = _wide((1 - now) / (1 - product), gradient) * gradient
        ahead = ahead + _wide(next_ / (1 - product * next_), first) * first
    return ahead / spread, {"first": first, "second": second, "count": count, "product": product}


def _momentum(count: Tensor) -> Tensor:
    momentum: Tensor = _FIRST * (1 - 0.5 * 0.96 ** (count * _DECAY))
    return momentum


def _wide(each: Tensor, like: Tensor) -> Tensor:
    """A number an image, to be multiplied with a tensor that has one row an image."""
    return each.to(like.dtype).reshape(-1, *[1] * (like.ndim - 1))
