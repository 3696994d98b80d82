"""Decodability: how well a linear probe tells marked from clean pictures by what a layer gives.

This is NOT reliance: a network may carry what it never uses, and a random one carries a mark that is bright enough. So
the same probe on a twin with random weights stands beside it as the floor, and only what lies above it was learnt.

The probe is a ridge regression to ±1 (:mod:`rivalry.numerics.ridge`, λ = 1 on standardised units), fitted on one half
of the pictures and judged on the other; both renders of a picture are in the same half, so that no probe can know a
picture again (Alain & Bengio, "Understanding intermediate layers using linear classifier probes", 2016).
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.numerics.bootstrap import Interval, bootstrap
from rivalry.numerics.ridge import fit_ridge
from rivalry.numerics.sampling import halves
from rivalry.numerics.separation import weighted_auroc

SMALLEST_HALF = 2


def decodability(
    clean: Float[Tensor, "samples units"], marked: Float[Tensor, "samples units"], *, seed: int
) -> Interval:
    """The AUROC of a linear probe for the mark on pictures that it was not fitted on, in [0, 1]; ½ is nothing.

    Args:
        clean: A layer's pooled activations of clean pictures.
        marked: Of the same pictures with the mark.
        seed: Of the split and the bootstrap (over the pictures of the second half).

    Returns:
        NaN where either half has fewer than two pictures.

    >>> clean = torch.arange(20.0)[:, None] % 2
    >>> decodability(clean, clean + 5, seed=0)
    Interval(value=1.0, low=1.0, high=1.0)
    """
    fitted, judged = halves(len(clean), seed=seed)
    if len(judged) < SMALLEST_HALF:
        return Interval(math.nan, math.nan, math.nan)
    kinds = torch.cat([torch.ones(len(fitted)), -torch.ones(len(fitted))]).to(clean.device)
    probe = fit_ridge(torch.cat([marked[fitted], clean[fitted]]), kinds)
    with_mark, without = probe.score(marked[judged]), probe.score(clean[judged])
    found = bootstrap(
        lambda weights: {"auroc": weighted_auroc(with_mark, without, weights)},
        len(judged),
        seed=seed,
        device=clean.device,
    )
    return found["auroc"]
