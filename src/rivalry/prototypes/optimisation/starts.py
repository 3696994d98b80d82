"""Where images start from: given ones, the baseline of classes, or the canvas's own noise."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.prototypes.optimisation.ascent import Ascent
from rivalry.prototypes.optimisation.baseline import even_start
from rivalry.prototypes.optimisation.groups import is_out_of_memory
from rivalry.prototypes.views import Chance

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
    rate = _RATE if recipe.rate is None else recipe.rate
    even = even_start(ascent.live, canvas, steps=recipe.baseline, rate=rate, rule=recipe.optimiser, seed=ascent.seed)
    return torch.where(classes.reshape(-1, *[1] * (start.ndim - 1)), even, start)


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
