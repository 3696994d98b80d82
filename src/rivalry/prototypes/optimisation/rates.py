"""A rate of learning for each image, where the recipe names none: the best of a few, by short runs beside each other.

All candidates of all images are one batch and see the same views. The best is that with the highest running mean of the
merit behind the last step; one that is not finite is out.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.prototypes.optimisation.ascent import Ascent
from rivalry.prototypes.optimisation.state import State

RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Candidates: half a power of ten apart, from a careful one of pixels to that of MACO's phases."""

STEPS = 40
"""Of a short run."""


def searched_rates(
    ascent: Ascent,
    start: Float[Tensor, "images ..."],
    *,
    at_once: int,
    candidates: tuple[float, ...] = RATES,
    steps: int = STEPS,
) -> Float[Tensor, " images"]:
    """The best candidate of each image.

    Args:
        ascent: What is climbed.
        start: Parameters, a row an image.
        at_once: Rows that are run at once.
        candidates: Rates, above 0.
        steps: Of a short run.

    Raises:
        RuntimeError: If every candidate of an image ends where nothing is finite, naming its target.
    """
    count = len(start)
    tried = [(row, rate) for rate in candidates for row in range(count)]
    found = torch.cat([_tried(ascent, start, tried[at : at + at_once], steps) for at in range(0, len(tried), at_once)])
    values = found.reshape(len(candidates), count)
    lost = (values == -torch.inf).all(0).nonzero()[:, 0].tolist()
    if lost:
        raise RuntimeError(
            f"the image of {ascent.targets[lost[0]].text!r} was finite at none of the rates "
            f"{', '.join(f'{rate:g}' for rate in candidates)}: give a lower one"
        )
    return torch.tensor(candidates, device=start.device)[values.argmax(0)]


def _tried(
    ascent: Ascent, start: Float[Tensor, "images ..."], tried: list[tuple[int, float]], steps: int
) -> Float[Tensor, " tried"]:
    """The running mean of the merit behind short runs; −∞ of one that was not finite."""
    rows = [row for row, _ in tried]
    own = ascent.rows(rows)
    own = replace(own, groups=torch.arange(len(rows), device=start.device))  # candidates do not push each other apart
    rates = start.new_tensor([rate for _, rate in tried])
    state = State.new(start[rows], rates, own.canvas.shape[1:], steps)
    lost = torch.zeros_like(state.stopped)
    for step in range(1, steps + 1):
        further = state.after(own.slope(state.parameters, step), own.recipe.optimiser)
        lost |= ~further.finite()
        state = further.where(further.finite(), state)
    return state.mean.masked_fill(lost, -torch.inf)
