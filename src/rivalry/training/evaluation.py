"""Honest evaluation of a competing network: by argmax on a copy with its own statistics, and by averaged draws.

Normalisation statistics belong to the mode of competition (:mod:`rivalry.lwta.normalisation`): what was trained on
draws and is evaluated by argmax gets them re-estimated from training images, on a copy, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache

import torch
from jaxtyping import Float, UInt8
from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor, nn

from rivalry.lwta import Mode, competitions, evaluating, reestimate_normalisation
from rivalry.lwta.normalisation import copy_in_mode, has_batch_statistics

Normalise = Callable[[UInt8[Tensor, "batch 3 height width"]], Float[Tensor, "batch 3 height width"]]


def evaluation_copy(
    network: nn.Module,
    calibration: Iterable[Mapping[str, Tensor]] | None,
    normalise: Normalise,
    *,
    mode: Mode = "argmax",
    precision: AbstractContextManager[object] | None = None,
    keep: Collection[str] = (),
) -> nn.Module:
    """A copy of a competing network that evaluates in ``mode``, with the BatchNorm statistics of that mode.

    A network is trained in the mode ``sample``, so there its statistics are kept as they are.

    Args:
        network: Left as it is. A network without competitions is given back itself.
        calibration: Batches of training images, 0 to 255, the same on every rank.
        normalise: From such images to the network's inputs.
        mode: How LWTA layers find their winners.
        precision: The autocast context in which the evaluation will run.
        keep: Names of BatchNorm layers whose statistics stood still in training, and so stay.

    Raises:
        ValueError: If statistics must be re-estimated and there are no calibration images.
    """
    if not competitions(network):
        return network
    if mode == "sample":  # what training's own statistics belong to
        return copy_in_mode(network, mode)
    if calibration is None and has_batch_statistics(network):
        raise ValueError(
            f"evaluation by {mode} re-estimates BatchNorm statistics and needs training images to do so; "
            "use the data module rivalry.training.data.Pictures, or one with calibration_batches"
        )
    if has_batch_statistics(network):
        _say(mode)
    device = next(network.parameters()).device
    # One image alone may leave a layer one value a channel, which has no variance.
    several = (batch["image"] for batch in calibration or () if len(batch["image"]) > 1)
    batches = (normalise(images.to(device)) for images in several)
    with precision or nullcontext():
        return reestimate_normalisation(network, batches, mode, keep=keep)


@torch.no_grad()
def average_of_draws(
    network: nn.Module, inputs: Float[Tensor, "batch channels height width"], samples: int, seed: int
) -> Float[Tensor, "batch classes"]:
    """Mean logits of ``samples`` stochastic passes of a network in eval(), seeded apart from the global state."""
    with evaluating(network, "sample", seed=seed):
        total: Tensor = network(inputs).float()
        for _ in range(samples - 1):
            total = total + network(inputs).float()
    return total / samples


@cache
def _say(mode: Mode) -> None:
    """Say it once, not after every epoch."""
    rank_zero_info(f"Evaluating by {mode} on a copy: BatchNorm statistics re-estimated in that mode.")
