"""What concepts add to the logit of a class, as shares of it, with what they leave unexplained.

    contribution_i = mean over pictures of the integrated gradients of concept i        Σ_i = h(u) − h(0)
    share_i        = contribution_i / mean logit that the network itself gave
    unexplained    = 1 − Σ_i share_i

Integrated gradients are complete, so what is unexplained is the residual of the dictionary, the bias and whatever else
reaches the logit past the layer. In the linear case a contribution is γ_i E[ū_i].
"""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from rivalry.concepts.answer import Answer
from rivalry.concepts.importance.gradients import IntegratedGradients


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
    steps: int = 32,
) -> Shares:
    """Find what each concept adds.

    Args:
        answer: The class's logit as a function of codes.
        codes: Of all pictures of the answer.
        logits: The class's, that the network gave to these pictures.
        steps: Of integrated gradients.
    """
    added = IntegratedGradients(steps).of(answer, codes).double().mean(0)
    logit = float(logits.double().mean())
    contributions = tuple(added.tolist())
    if not logit > 0:
        return Shares(contributions, logit, None, None)
    shares = tuple(one / logit for one in contributions)
    return Shares(contributions, logit, shares, 1 - sum(shares))
