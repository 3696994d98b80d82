"""What concepts add to the logit of a class, as shares of it, with what they leave unexplained.

    contribution_i = mean over pictures and orders of h(those before i, and i) − h(those before i)   Σ_i = h(u) − h(0)
    share_i        = contribution_i / mean logit that the network itself gave
    unexplained    = 1 − Σ_i share_i

A contribution is the Shapley value of the concept (Shapley 1953), over random orders and the same backwards: whatever h
is, all together are complete, so what is unexplained is the residual of the dictionary, the bias and whatever else
reaches the logit past the layer. In the linear case it is γ_i E[ū_i]. Integrated gradients, which are complete as well
where h has no jumps, are not where LWTA layers compete by argmax: another winner is a jump, which no gradient sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.answer import Answer, LinearAnswer
from rivalry.concepts.importance.importance import check_codes
from rivalry.concepts.orders import logits_in_order, random_order

ORDERS = 2
"""Random orders of each picture, and as many backwards."""


@dataclass(frozen=True)
class Shares:
    """What concepts add to a class's logit.

    Attributes:
        contributions: In units of the logit.
        logit: Mean that the network itself gave.
        shares: Of that mean; None where it is not positive, of which there are no shares.
        unexplained: What is left of 1; None likewise.
    """

    contributions: tuple[float, ...]
    logit: float
    shares: tuple[float, ...] | None
    unexplained: float | None


def shares_of(
    answer: Answer,
    codes: Float[Tensor, "images places concepts"],
    logits: Float[Tensor, " images"],
    *,
    orders: int = ORDERS,
    seed: int = 0,
) -> Shares:
    """Find what each concept adds.

    Args:
        answer: The class's logit as a function of codes.
        codes: Of all pictures of the answer.
        logits: The class's, that the network gave to these pictures.
        orders: As for :func:`contributions`.
        seed: Of the orders.

    Raises:
        ValueError: For codes that are not the answer's.
    """
    check_codes(answer, codes)
    added = contributions(answer, codes, orders=orders, seed=seed).double().mean(0)
    logit = float(logits.double().mean())
    parts = tuple(added.tolist())
    if not logit > 0:
        return Shares(parts, logit, None, None)
    shares = tuple(one / logit for one in parts)
    return Shares(parts, logit, shares, 1 - sum(shares))


def contributions(
    answer: Answer, codes: Float[Tensor, "images places concepts"], *, orders: int = ORDERS, seed: int = 0
) -> Float[Tensor, "images concepts"]:
    """What each concept adds in each picture; over all concepts they sum up to h(u) − h(0).

    Args:
        answer: The class's logit as a function of codes.
        codes: Of all pictures.
        orders: Random orders that are averaged, each also backwards; every picture has its own. The sum is exact
            whatever their number. Linear answers need none.
        seed: Of the orders.
    """
    if isinstance(answer, LinearAnswer):
        return answer.weights.to(codes) * codes.mean(1)
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros_like(codes[:, 0])
    for _ in range(orders):
        drawn = random_order(codes, generator)
        for order in (drawn, drawn.flip(1)):
            total.scatter_add_(1, order, logits_in_order(answer, codes, order).diff(dim=1))
    return total / (2 * orders)
