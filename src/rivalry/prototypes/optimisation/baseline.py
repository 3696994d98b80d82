"""The image where classes may start from: one that speaks for all classes alike.

    minimise  mean over classes of (C p_c − 1)²        p = softmax of the logits, C classes

which is the variance of the probabilities over their squared mean: so it is as large for a thousand classes as for ten.
Prototype Generation begins there, so that what an image gains is the class's own.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.prototypes.images import Canvas
from rivalry.prototypes.optimisation.ascent import run
from rivalry.prototypes.optimisation.rules import Rule, descend, no_moments
from rivalry.prototypes.views import Chance
from rivalry.recording.live import Live


def unevenness(logits: Float[Tensor, "batch classes"]) -> Float[Tensor, " batch"]:
    """Variance of the probabilities of classes, over their squared mean; 0 where all are alike, C − 1 for one alone.

    >>> unevenness(torch.tensor([[0.0, 0.0], [99.0, 0.0]]))
    tensor([0., 1.])
    """
    return (logits.shape[1] * logits.float().softmax(1) - 1).square().mean(1)


def even_starts(
    live: Live, canvas: Canvas, *, count: int, steps: int, rate: float, rule: Rule, seed: int
) -> Float[Tensor, "count ..."]:
    """Parameters of images where classes start from: the same for all of them, another for each copy.

    Args:
        live: The network within its context, giving logits. Where it draws winners, it does once a step.
        canvas: From parameters to images.
        count: How many, each from a start of its own.
        steps: To be made.
        rate: Of learning.
        rule: Of the steps.
        seed: Of the canvas's starts.

    Raises:
        RuntimeError: If one is not finite, naming the step.
    """
    parameters = canvas.start(Chance(seed, torch.arange(count, device=canvas.colours.mean.device), 0))
    moments = no_moments(parameters)
    for step in range(1, steps + 1):
        asked = parameters.detach().requires_grad_()
        heard = run(live, canvas.images(asked), (seed, step, 0))
        if heard.logits is None:
            raise ValueError("a baseline is of the classes, and the network was run without logits")
        (gradient,) = torch.autograd.grad(unevenness(heard.logits).sum(), asked)
        moved, moments = descend(rule, moments, gradient)
        parameters = parameters - rate * moved
        if not bool(parameters.isfinite().all()):
            raise RuntimeError(f"the baseline image was not finite at step {step} with a rate of {rate:g}: lower it")
    return parameters
