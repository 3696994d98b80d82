"""Step after step: images that no longer gain leave the batch, and one that is not finite begins again, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from rivalry.prototypes.optimisation.ascent import Ascent
from rivalry.prototypes.optimisation.state import State

AfterStep = Callable[[State, int], None]
"""Told of the state behind every step, and of the step's number."""


def climb(
    ascent: Ascent, state: State, *, done: int = 0, patience: int | None = None, after: AfterStep | None = None
) -> State:
    """Go on until every image has made all its steps, or is stopped.

    Copies that are pushed apart leave the batch together. An image that is not finite begins again at a tenth of its
    rate, and then still makes all its steps.

    Args:
        ascent: What is climbed.
        state: From where on.
        done: Steps that were made before.
        patience: Steps without a gain after which an image is stopped; None never stops one.
        after: Told of every step.

    Raises:
        RuntimeError: If an image is not finite a second time, naming target, step and rate.
    """
    step = done
    while bool(state.active.any()):
        step += 1
        whole = bool(state.active.all())  # then nothing need be picked out and put back
        rows = state.active.nonzero()[:, 0]
        part = state if whole else state.rows(rows)
        own = ascent if whole else ascent.rows(rows.tolist())
        further = part.after(own.slope(part.parameters, step), ascent.recipe.optimiser)
        finite = further.finite()
        if not bool(finite.all()):
            _refuse_twice(own, part, finite, step)
            further = further.where(finite, part.again())
        state = further if whole else state.put(rows, further)
        if patience is not None:
            state = _stop(ascent, state, patience)
        if after is not None:
            after(state, step)
    return state


def _stop(ascent: Ascent, state: State, patience: int) -> State:
    """Stop images that no longer gain; those that are pushed apart when none of them does."""
    waiting = state.since >= patience
    if ascent.recipe.penalties.diversity:
        fellows = ascent.groups[:, None] == ascent.groups
        waiting = (waiting | ~fellows).all(1)
    return replace(state, stopped=state.stopped | (waiting & state.active))


def _refuse_twice(ascent: Ascent, state: State, finite: Tensor, step: int) -> None:
    """Refuse to begin a third time."""
    twice = (~finite & (state.restarts > 0)).nonzero()[:, 0].tolist()
    if twice:
        row = twice[0]
        raise RuntimeError(
            f"the image of {ascent.targets[row].text!r} was not finite a second time, at step {step} with a rate of "
            f"{float(state.rates[row]):g}: give a lower rate than {10 * float(state.rates[row]):g}"
        )
