"""Images that are optimised together, from their start to what is given of them; stopped, they go on another time."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.numerics.fingerprint import state_fingerprint
from rivalry.prototypes.optimisation.ascent import Ascent
from rivalry.prototypes.optimisation.climb import climb
from rivalry.prototypes.optimisation.kept import Kept
from rivalry.prototypes.optimisation.optimised import Optimised
from rivalry.prototypes.optimisation.rates import searched_rates
from rivalry.prototypes.optimisation.state import State
from rivalry.recording.digest import digest_of

_STEP = "step"
"""Under which the number of the last step is kept beside a state."""


def optimise_group(
    ascent: Ascent,
    start: Float[Tensor, "images ..."],
    *,
    at_once: int,
    kept: Kept | None = None,
    told: Callable[[int], None] | None = None,
) -> Optimised:
    """Optimise some images.

    Args:
        ascent: What is climbed.
        start: Parameters, a row an image.
        at_once: Rows that there is room for, where rates are searched.
        kept: Where their state is kept, and looked for.
        told: How many steps of images are done, behind every step.
    """
    digest = "" if kept is None else _digest(ascent, start)
    state, done = _begin(ascent, start, at_once, kept, digest)

    def after(state: State, step: int) -> None:
        if kept is not None and (step % kept.every == 0 or not bool(state.active.any())):
            kept.keep(digest, {**state.tensors(), _STEP: torch.tensor(step)})
        if told is not None:
            told(int(torch.where(state.stopped, ascent.recipe.steps, state.steps).sum()))

    return _given(ascent, climb(ascent, state, done=done, patience=ascent.recipe.patience, after=after))


def _begin(ascent: Ascent, start: Tensor, at_once: int, kept: Kept | None, digest: str) -> tuple[State, int]:
    """Where the images are, and how many steps were made: where they were left, or at their start."""
    before = None if kept is None else kept.get(digest, start.device)
    if before is not None:
        done = int(before.pop(_STEP))
        return State(**before), done
    if ascent.recipe.rate is None:
        rates = searched_rates(ascent, start, at_once=at_once)
    else:
        rates = start.new_full((len(start),), ascent.recipe.rate)
    state = State.new(start, rates, ascent.canvas.shape[1:], ascent.recipe.steps)
    if kept is not None:
        kept.keep(digest, {**state.tensors(), _STEP: torch.tensor(0)})
    return state, 0


def _given(ascent: Ascent, state: State) -> Optimised:
    """What is given of a state where every image is done."""
    with torch.no_grad():
        images = ascent.canvas.images(state.parameters)
    values = ascent.values(images)
    lost = (~values.isfinite()).nonzero()[:, 0].tolist()
    if lost:
        row = lost[0]
        raise RuntimeError(
            f"the value of {ascent.targets[row].text!r} is not finite behind the last step, with a rate of "
            f"{float(state.rates[row]):g}: give a lower one"
        )
    return Optimised(
        images, state.alpha, values, state.history, state.steps, state.rates, state.restarts, state.stopped
    )


def _digest(ascent: Ascent, start: Tensor) -> str:
    """Of everything that decides the result. What pictures become on their way into the network shows in the values."""
    with torch.no_grad():
        values = ascent.values(ascent.canvas.images(start))
    ground = [] if ascent.ground is None else ascent.ground.told()
    told = (ascent.recipe, ascent.readout.reading, ascent.seed, ascent.draws, [one.text for one in ascent.targets])
    network = state_fingerprint(ascent.live.network)
    return digest_of([version("rivalry"), network, repr(told), ascent.ids, start, values, *ground])
