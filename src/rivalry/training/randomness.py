"""The global random states in a checkpoint, so that a run that goes on draws what it would have drawn.

The states are those of torch (CPU and CUDA), numpy and Python, of every rank. As plain tensors and numbers they load
with ``weights_only``.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
import torch.distributed

from rivalry.recording.ranks import rank_and_world


def random_states() -> list[dict[str, Any]]:
    """The random states of all ranks, in their order. A collective."""
    rank, world = rank_and_world()
    states: list[dict[str, Any]] = [{}] * world
    states[rank] = _own_state()
    if world > 1:
        torch.distributed.all_gather_object(states, _own_state())
    return states


def restore_random_state(states: list[dict[str, Any]]) -> None:
    """Put this rank's state back. A rank that the checkpoint does not know draws apart from all that it knows."""
    rank, _ = rank_and_world()
    state = states[rank % len(states)]
    torch.set_rng_state(state["torch"].cpu())
    if state["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"].cpu())
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, np.asarray(keys, np.uint32), *rest))
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    if rank >= len(states):
        draw_apart(rank)


def draw_apart(rank: int) -> None:
    """Let ranks that were seeded alike draw differently: their pictures differ, and so shall their winners."""
    if rank:
        torch.manual_seed((torch.initial_seed() + rank) % 2**63)


def _own_state() -> dict[str, Any]:
    name, keys, *rest = np.random.get_state()
    version, internal, gauss = random.getstate()
    cuda = torch.cuda.get_rng_state() if torch.cuda.is_available() and torch.cuda.is_initialized() else None  # type: ignore[no-untyped-call]
    return {
        "torch": torch.get_rng_state(),
        "cuda": cuda,
        "numpy": [str(name), np.asarray(keys).tolist(), *rest],
        "python": [version, list(internal), gauss],
    }
