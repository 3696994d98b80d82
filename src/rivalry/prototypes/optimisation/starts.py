"""Where images start from: given ones, the baseline of classes, or the canvas's own noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.optimisation.ascent import Ascent
from rivalry.prototypes.optimisation.baseline import even_starts
from rivalry.prototypes.views import Chance
from rivalry.recording.memory import is_out_of_memory

_RATE = 0.05
"""Of the baseline, where the recipe searches its own: Prototype Generation's."""


def starts_of(
    ascent: Ascent, given: Float[Tensor, "images channels height width"] | None
) -> Float[Tensor, "images ..."]:
    """Parameters where each image starts.

    Args:
        ascent: That is to be climbed.
        given: Images to start from, 0 to 1.

    Raises:
        ValueError: For images of another size or number, or a network that cannot be run on such images.
    """
    canvas, recipe = ascent.canvas, ascent.recipe
    start = canvas.start(Chance(ascent.seed, ascent.ids, 0))
    _check_runs(ascent, start[:1])
    if given is not None:
        wanted = (len(ascent.targets), *canvas.shape)
        if tuple(given.shape) != wanted:
            raise ValueError(f"wanted images to start from of shape {wanted}, got {tuple(given.shape)}")
        return canvas.parameters_of(given.to(start))
    classes = torch.tensor([target.kind == "class" for target in ascent.targets], device=start.device)
    if not recipe.baseline or not bool(classes.any()):
        return start
    copies = copies_of(ascent.targets)
    rate = _RATE if recipe.rate is None else recipe.rate
    even = even_starts(
        ascent.live,
        canvas,
        count=max(copies) + 1,
        steps=recipe.baseline,
        rate=rate,
        rule=recipe.optimiser,
        seed=ascent.seed,
    )
    return torch.where(classes.reshape(-1, *[1] * (start.ndim - 1)), even[copies], start)


def copies_of(targets: Sequence[Target]) -> list[int]:
    """Which copy of its target each image is, counted from 0.

    >>> dog = Target("class", 1, "dog")
    >>> copies_of([dog, Target("class", 0, "cat"), dog])
    [0, 0, 1]
    """
    seen: Counter[Target] = Counter()
    copies = []
    for target in targets:
        copies.append(seen[target])
        seen[target] += 1
    return copies


def _check_runs(ascent: Ascent, start: Tensor) -> None:
    """Refuse a network that does not take such images, as those whose input has a fixed size."""
    with torch.no_grad():
        image = ascent.canvas.images(start)
    try:
        ascent.rows([0]).values(image)
    except (AssertionError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and is_out_of_memory(error):
            raise
        name = type(ascent.live.network).__name__
        raise ValueError(f"{name} cannot be run on images of shape {ascent.canvas.shape}: {error}") from error
