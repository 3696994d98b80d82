"""Make images that targets respond to most: many targets and copies at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jaxtyping import Float, Int
from torch import Tensor

from rivalry.prototypes.images import Canvas
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.objectives.values import Readout
from rivalry.prototypes.optimisation.kept import Kept
from rivalry.prototypes.optimisation.optimised import Optimised
from rivalry.prototypes.optimisation.recipe import Recipe
from rivalry.recording.live import Live

OnStep = Callable[[int, int], None]
"""Told, after every step, how many steps of images are done, and how many there are."""


def optimise(
    live: Live,
    targets: Sequence[Target],
    canvas: Canvas,
    recipe: Recipe,
    *,
    readout: Readout | None = None,
    seed: int = 0,
    ids: Int[Tensor, " images"] | None = None,
    start: Float[Tensor, "images channels height width"] | None = None,
    draws: int = 1,
    kept: Kept | None = None,
    at_once: int | None = None,
    on_step: OnStep | None = None,
) -> Optimised:
    """Make an image for each target.

    What is drawn for an image depends on the seed and its id, not on who else is in the batch.

    Args:
        live: The network within its context, hearing :func:`layers_of` the targets, and giving logits for classes.
        targets: One an image: a target of which there are several copies stands there several times, and these are
            pushed apart where the recipe asks for it.
        canvas: The recipe's parametrisation, bound to a size and statistics.
        recipe: Everything else that decides the optimisation.
        readout: How units and directions are read; not needed where all targets are classes.
        seed: Of all that is drawn, 0 or more.
        ids: Tell images apart for what is drawn; by default :func:`image_ids`.
        start: Where to start from, 0 to 1; by default the canvas's own start.
        draws: Passes of the network that are averaged in each step, where its LWTA layers draw winners.
        kept: Where states are kept, so that an optimisation that was stopped goes on; None keeps nothing.
        at_once: Images that are optimised at once; by default as many as a budget of memory allows.
        on_step: Told of every step.

    Raises:
        ValueError: For no target, ids or a start that do not fit, or a network that cannot be run on such images.
        RuntimeError: If an image was not finite twice, naming target, step and rate.
    """
    raise NotImplementedError


def image_ids(targets: Sequence[Target]) -> Int[Tensor, " images"]:
    """A number for each image by its target and which copy of it that is, the same whoever else is asked for."""
    raise NotImplementedError
