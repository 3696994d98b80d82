"""A sweep shows the network a probe set once, and every analysis listens to it.

The next batch is read and decoded while the network and the analyses look at this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from torch import nn
from torch.utils.data import DataLoader, DistributedSampler

from rivalry.data.ahead import ahead
from rivalry.data.dataset import ImageDataset
from rivalry.lwta.layer import Mode, evaluating
from rivalry.recording.analysis import Analysis
from rivalry.recording.observation import Forward, plain_forward
from rivalry.recording.progress import progress_bar
from rivalry.recording.ranks import rank_and_world
from rivalry.recording.session import Recording
from rivalry.recording.undisturbed import undisturbed
from rivalry.records import JSON, Record


def sweep(
    network: nn.Module,
    loader: DataLoader[Any],
    analyses: Sequence[Analysis],
    *,
    forward: Forward = plain_forward,
    mode: Mode = "argmax",
    seed: int = 0,
    epoch: int = 0,
    step: int = 0,
    previous: Mapping[str, Record] | None = None,
    progress: bool = True,
) -> list[Record]:
    """Run the network over a probe set and give the records. Weights, modes and random states stay as they are.

    Args:
        network: The network to hear, in any mode; it is evaluated.
        loader: Collated samples of an :class:`ImageDataset`; on several ranks with a ``DistributedSampler``.
        analyses: What listens.
        forward: From a network and pictures (0 to 255, on its device) to logits; by default the network of
            ``images / 255``.
        mode: How LWTA layers find their winners.
        seed: Of the draws where ``mode`` is ``"sample"``, so that a record can be made again.
        epoch: Epoch the records belong to.
        step: Optimiser steps done by then.
        previous: Records of the epoch before, by name, for analyses that follow theirs.
        progress: Whether to draw a progress bar (on rank 0).

    Raises:
        ValueError: Where the loader, a layer's name or the samples do not fit (see :class:`Recording`).
        RuntimeError: If an analysis fails, naming it.
    """
    dataset = _dataset_of(loader)
    settings: dict[str, JSON] = {"mode": mode, "seed": seed}
    recording = Recording(
        network, analyses, dataset, forward=forward, settings=settings, previous=previous, workers=loader.num_workers
    )
    with undisturbed(network), evaluating(network, mode, seed=seed), recording:
        with ahead(loader) as batches:
            for batch in _shown(batches, len(loader), progress):
                images = batch["image"].to(recording.device, non_blocking=True)
                recording.observe({**batch, "image": images}, forward(network, images))
        return recording.conclude(epoch=epoch, step=step)


def _dataset_of(loader: DataLoader[Any]) -> ImageDataset:
    if not isinstance(loader.dataset, ImageDataset):
        raise ValueError(f"a sweep needs a loader of an ImageDataset, got one of {type(loader.dataset).__name__}")
    if rank_and_world()[1] > 1 and not isinstance(loader.sampler, DistributedSampler):
        raise ValueError(
            f"on several ranks a sweep needs a loader with a DistributedSampler, got {type(loader.sampler).__name__}: "
            "every rank would see every sample"
        )
    return loader.dataset


def _shown(batches: Iterable[Mapping[str, Any]], count: int, progress: bool) -> Iterable[Mapping[str, Any]]:
    """Go through the batches under a progress bar."""
    if not progress or rank_and_world()[0] > 0:
        yield from batches
        return
    with progress_bar(shown=True) as bar:
        yield from bar.track(batches, description="sweep", total=count)
