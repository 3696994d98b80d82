"""Fit a basis to pixels: few directions on at each of them, fully on, each on somewhere (see :mod:`losses`)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.distributed
from jaxtyping import Float
from torch import Tensor

from rivalry.basis.rotation.descent import Descent
from rivalry.basis.rotation.recipe import DEFAULT, Recipe
from rivalry.basis.rotation.rotated import Rotated
from rivalry.basis.rotation.rotation import Rotation
from rivalry.basis.rotation.start import bias_of_coverage, moments, orthonormal, random_rotation
from rivalry.recording.progress import progress_bar
from rivalry.recording.ranks import rank_and_world

_SAMPLE = 4096
"""Pixels by which the first bias is found."""


def fit_rotation(
    pixels: Float[Tensor, "pixels channels"],
    directions: int,
    *,
    recipe: Recipe = DEFAULT,
    start: Rotation | None = None,
    seed: int = 0,
    progress: bool = False,
) -> Rotation:
    """Find orthonormal directions of standardised features in which the losses are small.

    The same on every rank: it is fitted on rank 0, and the others get what was found. A collective; all ranks must
    hold the same pixels. Works wherever gradients are switched off; global random states stay as they are. Memory: the
    pixels once more, standardised, and what a batch takes.

    Args:
        pixels: Raw features of single places; finite, and as many as directions at least.
        directions: I, from 1 to the number of channels.
        recipe: Losses and descent.
        start: A basis to go on from: its rotation, margin and bias, with means and scales of these pixels. By
            default the fit begins with a rotation that the seed draws. Going on, use ``recipe.warm()``.
        seed: Of the first rotation and of the order of the pixels, 0 or more.
        progress: Whether to draw a progress bar (on rank 0, in a terminal).

    Raises:
        ValueError: For more directions than channels, fewer pixels than directions, pixels that are not finite,
            features that are all constant, a negative seed, or a start of another size.
    """
    _check(pixels, directions, start, seed)
    rotation = None
    if rank_and_world()[0] == 0:
        with torch.inference_mode(False), torch.enable_grad():
            rotation = _fit(pixels.float(), directions, recipe, start, seed, progress)
    return _from_first(rotation).to(pixels.device)


def _fit(
    pixels: Tensor, directions: int, recipe: Recipe, start: Rotation | None, seed: int, progress: bool
) -> Rotation:
    mean, scale = moments(pixels)
    standardised = (pixels - mean) / scale
    rotated = _begin(standardised, directions, recipe, start, seed)
    descent = Descent(rotated, standardised, recipe, seed)
    history = tuple(_epochs(descent, recipe.epochs, progress))
    return Rotation(
        mean,
        scale,
        orthonormal(rotated.rotation.detach()[:, :directions])[:, :directions].float(),
        float(rotated.margin.detach()),
        float(rotated.bias.detach()),
        losses=descent.measure(),
        history=history,
        epochs=len(history),
        converged=descent.converged,
    )


def _begin(standardised: Tensor, directions: int, recipe: Recipe, start: Rotation | None, seed: int) -> Rotated:
    """Where the descent begins: at a rotation that the seed draws, or where it ended before."""
    if start is not None:
        return Rotated(orthonormal(start.matrix).to(standardised), directions, start.margin, start.bias)
    rotation = random_rotation(standardised.shape[1], seed).to(standardised)
    some = standardised[:: max(1, len(standardised) // _SAMPLE)]
    bias = bias_of_coverage(
        some @ rotation[:, :directions], recipe.margin, coverage=recipe.coverage, exponent=recipe.exponent
    )
    return Rotated(rotation, directions, recipe.margin, bias)


def _epochs(descent: Descent, most: int, progress: bool) -> Iterator[dict[str, float]]:
    """Descend until it has converged, under a progress bar."""
    with progress_bar(shown=progress) as bar:
        task = bar.add_task("basis", total=most)
        while not descent.converged and bar.tasks[0].completed < most:
            told = descent.epoch()
            bar.update(task, advance=1, description=f"basis, loss {told['total']:.3f}")
            yield told


def _from_first(rotation: Rotation | None) -> Rotation:
    """What rank 0 has found, on every rank."""
    box = [None if rotation is None else rotation.to(torch.device("cpu"))]
    if rank_and_world()[1] > 1:
        torch.distributed.broadcast_object_list(box)
    (found,) = box
    if found is None:
        raise RuntimeError("rank 0 has fitted no basis")
    return found


def _check(pixels: Tensor, directions: int, start: Rotation | None, seed: int) -> None:
    count, channels = pixels.shape
    if not 1 <= directions <= channels:
        raise ValueError(f"{directions} orthogonal directions of {channels} channels; wanted 1 to {channels}")
    if count < max(directions, 2):
        raise ValueError(
            f"a basis of {directions} directions wants as many pixels at least (and two), got {count}: show more "
            "pictures, take a layer with more places, or fewer directions"
        )
    if not bool(pixels.isfinite().all()):
        raise ValueError("features of which a basis is fitted must be finite, and some are NaN or infinite")
    if bool((pixels == pixels[0]).all()):
        raise ValueError(f"all {channels} channels are constant over {count} pixels; a basis wants some that vary")
    if seed < 0:
        raise ValueError(f"seed is 0 or more, got {seed}")
    if start is not None and start.matrix.shape != (channels, directions):
        given = " × ".join(map(str, start.matrix.shape))
        raise ValueError(f"a start of {channels} channels × {directions} directions is wanted, got {given}")
