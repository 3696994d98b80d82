"""Make images that targets respond to most: many targets and copies at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.numerics.nearest import nearest
from rivalry.prototypes.images import Canvas
from rivalry.prototypes.objectives.ground import Ground
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.objectives.values import Readout
from rivalry.prototypes.optimisation.ascent import Ascent
from rivalry.prototypes.optimisation.group import optimise_group
from rivalry.prototypes.optimisation.groups import groups_of, room
from rivalry.prototypes.optimisation.kept import Kept
from rivalry.prototypes.optimisation.optimised import Optimised
from rivalry.prototypes.optimisation.recipe import Recipe
from rivalry.prototypes.optimisation.starts import copies_of, starts_of
from rivalry.recording.live import Live
from rivalry.recording.memory import is_out_of_memory

OnStep = Callable[[int, int], None]
"""Told, after every step, how many steps of images are done, and how many there are."""


def optimise(
    live: Live,
    targets: Sequence[Target],
    canvas: Canvas,
    recipe: Recipe,
    *,
    readout: Readout | None = None,
    ground: Ground | None = None,
    seed: int = 0,
    ids: Int[Tensor, " images"] | None = None,
    start: Float[Tensor, "images channels height width"] | None = None,
    draws: int = 1,
    kept: Kept | None = None,
    at_once: int | None = None,
    on_step: OnStep | None = None,
) -> Optimised:
    """Make an image for each target.

    What is drawn for an image depends on the seed and its id, not on who else is in the batch; winners of LWTA layers
    in ``sample`` alone are drawn for the batch as a whole.

    Args:
        live: The network within its context, hearing :func:`layers_of` the targets, and giving logits for classes.
        targets: One an image. Copies of a target are pushed apart where the recipe asks for it.
        canvas: The recipe's parametrisation, bound to a size and statistics; on the network's device.
        recipe: Everything else that decides the optimisation.
        readout: How units and directions are read; not needed where all targets are classes.
        ground: What natural pictures are like; needed where the recipe holds images to them.
        seed: Of all that is drawn, 0 or more.
        ids: Tell images apart for what is drawn; by default :func:`image_ids`.
        start: Where to start from, 0 to 1; by default the canvas's own start, for classes the recipe's baseline.
        draws: Passes of the network that are averaged in each step, where its LWTA layers draw winners.
        kept: Where states are kept, so that an optimisation that was stopped goes on; None keeps nothing.
        at_once: Images that are optimised at once; by default as many as a budget of memory allows.
        on_step: Told of every step.

    Raises:
        ValueError: For no target, numbers out of bounds, ids or a start that do not fit, or a network that cannot be
            run on such images; no ground, or a path that is not heard, where the recipe asks for them.
        RuntimeError: If an image was not finite twice, naming target, step and rate.
    """
    _check(len(targets), seed, draws, at_once)
    _check_ground(live, targets, recipe, ground)
    numbers = _numbers(targets, ids, canvas.colours.mean.device)
    with torch.inference_mode(False), torch.enable_grad():
        ascent = Ascent(live, canvas, recipe, readout or Readout(), seed, draws, tuple(targets), *numbers, ground)
        return _grouped(ascent, starts_of(ascent, start), at_once, kept, on_step)


def image_ids(targets: Sequence[Target]) -> Int[Tensor, " images"]:
    """A number for each image by its target and which copy of it that is, the same whoever else is asked for."""
    words = (f"{target.text} {copy}".encode() for target, copy in zip(targets, copies_of(targets), strict=True))
    ids = [int.from_bytes(hashlib.blake2b(word, digest_size=8).digest()) >> 1 for word in words]
    return torch.tensor(ids)


def _numbers(
    targets: Sequence[Target], ids: Int[Tensor, "..."] | None, device: torch.device
) -> tuple[Int[Tensor, " images"], Int[Tensor, " images"]]:
    """By which chance knows each image, and a number that copies of one target share."""
    ids = image_ids(targets) if ids is None else ids
    if ids.shape != (len(targets),):
        raise ValueError(f"wanted an id for each of {len(targets)} images, got {tuple(ids.shape)}")
    places = {text: place for place, text in enumerate(dict.fromkeys(target.text for target in targets))}
    return ids.to(device), torch.tensor([places[target.text] for target in targets], device=device)


def _grouped(
    ascent: Ascent, start: Tensor, at_once: int | None, kept: Kept | None, on_step: OnStep | None
) -> Optimised:
    """Group by group; where memory ends before, in groups of half the size."""
    at_once = room(ascent, start) if at_once is None else at_once
    together, steps = ascent.recipe.penalties.diversity > 0, ascent.recipe.steps
    left = dict(enumerate(ascent.groups.tolist()))
    total = steps * len(left)
    parts: dict[tuple[int, ...], Optimised] = {}
    while left:
        rows = groups_of(left, at_once, together=together)[0]
        before = total - steps * len(left)
        told = None if on_step is None else lambda done, before=before: on_step(before + done, total)
        try:
            parts[tuple(rows)] = optimise_group(ascent.rows(rows), start[rows], at_once=at_once, kept=kept, told=told)
        except RuntimeError as error:
            if at_once == 1 or not is_out_of_memory(error):
                raise
            at_once //= 2
            continue
        left = {row: fellow for row, fellow in left.items() if row not in rows}
    return _joined(parts)


def _joined(parts: Mapping[tuple[int, ...], Optimised]) -> Optimised:
    """The images of all groups, in the order of their rows."""
    back = torch.tensor([row for rows in parts for row in rows]).argsort()

    def of_all(name: str) -> Tensor:
        found = torch.cat([getattr(part, name) for part in parts.values()])
        return found[back.to(found.device)]

    return Optimised(**{one.name: of_all(one.name) for one in fields(Optimised)})


def _check_ground(live: Live, targets: Sequence[Target], recipe: Recipe, ground: Ground | None) -> None:
    """Refuse a recipe that asks for more than is known of natural pictures, or heard of images."""
    if recipe.natural is None:
        return
    if ground is None:
        raise ValueError("the recipe holds images to natural pictures, and no ground says what these are like")
    unknown = [target.text for target in targets if target.text not in ground.scales]
    if unknown:
        known = nearest(unknown[0], ground.scales)
        raise ValueError(
            f"the ground does not tell what natural pictures are worth to {unknown[0]!r}; nearest: {known}"
        )
    unheard = [layer for layer in ground.heard(recipe.natural) if layer not in live.layers]
    if unheard:
        raise ValueError(f"the recipe looks at the statistics of {unheard[0]!r}, which the live network does not hear")


def _check(images: int, seed: int, draws: int, at_once: int | None) -> None:
    if not images:
        raise ValueError("prototypes are for targets, and none was given")
    if seed < 0 or draws < 1 or (at_once is not None and at_once < 1):
        raise ValueError(
            f"a seed is 0 or more, draws and images at once are 1 or more; got seed={seed}, draws={draws}, "
            f"at_once={at_once}"
        )
