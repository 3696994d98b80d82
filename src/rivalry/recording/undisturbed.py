"""A context that leaves a network and all random states as it found them.

Training with analyses and without gives bit-identical weights, because every pass of theirs runs in here.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


@contextmanager
def undisturbed(network: nn.Module) -> Iterator[None]:
    """Evaluate a network without gradients, and put everything back afterwards, also after an exception.

    In the context every module is in ``eval()``, so that no buffer (BatchNorm's statistics) moves. Put back are the
    ``training`` flag of every single module and the global random states of torch (CPU and all CUDA devices), numpy
    and Python. Without a CUDA device in use none is touched.
    """
    flags = [(module, module.training) for module in network.modules()]
    python, numpy = random.getstate(), np.random.get_state()
    cpu = torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    try:
        network.eval()
        with torch.no_grad():
            yield
    finally:
        for module, training in flags:
            module.training = training
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_rng_state(cpu)
        if cuda:
            torch.cuda.set_rng_state_all(cuda)
