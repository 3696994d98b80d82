"""Normalisation statistics belong to the mode of competition under which they were estimated.

A BatchNorm layer behind sampled winners has seen other activations than behind the strongest ones. A network trained
on draws and evaluated by argmax with the statistics of the draws loses much of its accuracy. So evaluation in another
mode re-estimates the statistics with a short sweep, on a copy.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from rivalry.lwta.layer import Mode, competitions


def has_batch_statistics(network: nn.Module) -> bool:
    """Whether any layer keeps statistics of the batches that it saw."""
    return any(isinstance(m, _BatchNorm) and m.track_running_stats for m in network.modules())


def copy_in_mode(network: nn.Module, mode: Mode) -> nn.Module:
    """A copy in ``eval()`` whose LWTA layers compete in ``mode``, with the statistics that the network has."""
    twin = copy.deepcopy(network).eval()
    for layer in competitions(twin).values():
        layer.evaluation_mode = mode
    return twin


@torch.no_grad()
def reestimate_normalisation(
    network: nn.Module,
    batches: Iterable[Float[Tensor, "batch channels height width"]],
    mode: Mode = "argmax",
    *,
    keep: Collection[str] = (),
) -> nn.Module:
    """Copy a network, evaluate it in ``mode``, and give it the BatchNorm statistics of that mode.

    Every statistic becomes the plain average over the batches. A network without BatchNorm, or without competitions, is
    copied only; ``batches`` is then not touched.

    Args:
        network: Left as it is.
        batches: Inputs of the network, on its device; a few thousand images are enough.
        mode: Mode of every LWTA layer of the copy in ``eval()``.
        keep: Names of layers whose statistics stay, as they did in training.

    Returns:
        The copy, in ``eval()``.

    Raises:
        ValueError: If statistics are needed and there is no batch.
    """
    estimate = copy_in_mode(network, mode)
    if not competitions(estimate) or not has_batch_statistics(estimate):
        return estimate
    average_statistics(estimate, batches, keep=keep)
    return estimate


@torch.no_grad()
def average_statistics(
    network: nn.Module, batches: Iterable[Float[Tensor, "batch channels height width"]], *, keep: Collection[str] = ()
) -> None:
    """Make every BatchNorm statistic of a network in ``eval()`` the plain average over batches, in place.

    Args:
        network: All else of it stays as it is.
        batches: Inputs of the network, on its device.
        keep: Names of layers whose statistics stay.

    Raises:
        ValueError: If there is no batch.
    """
    norms = [
        module
        for name, module in network.named_modules()
        if isinstance(module, _BatchNorm) and module.track_running_stats and name not in keep
    ]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a cumulative average
        norm.train()
    seen = 0
    for batch in batches:
        network(batch)
        seen += 1
    if seen == 0:
        raise ValueError("no batch to re-estimate the normalisation statistics from")
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
