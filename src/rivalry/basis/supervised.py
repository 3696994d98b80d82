"""The supervised ceiling: for every concept one linear probe that tells its pixels from others.

Zhou, Sun, Bau & Torralba, "Interpretable Basis Decomposition for Visual Explanation" (ECCV 2018): a sigmoid of a linear
function for each concept, twice as many negatives as positives, the hardest of a pool of twenty times as many, SGD with
rate 0.01 for 15 epochs. What is not known to us we settle as follows. Features are standardised. A place of the layer
covers a cell of the mask; if a share s of the cell shows the concept, the place counts s as positive and 1 − s as
negative, which is what the loss over the mask's own pixels would make of it. Only pictures in which the concept's
category is labelled give negatives. In every epoch, of every concept, positives are drawn in proportion to s, and the
negatives of largest score are picked from a pool that is drawn anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

RATE, EPOCHS = 1e-2, 15
NEGATIVES, POOL = 2, 20
"""Negatives a positive, and of how many they are the hardest."""

_POSITIVES, _BATCH = 1024, 8
"""Positives of an epoch, and of a step."""

_ELEMENTS_AT_ONCE = 2**25


@dataclass(frozen=True)
class Probes:
    """Linear probes of standardised features: z = x @ weights + bias, above 0 where the concept is.

    Attributes:
        concepts: Which concepts they are of, ascending; a concept that no place shows has no probe.
        weights: A column for each.
        bias: Added.
    """

    concepts: Int[Tensor, " probes"]
    weights: Float[Tensor, "channels probes"]
    bias: Float[Tensor, " probes"]


def fit_probes(
    pixels: Float[Tensor, "pixels channels"],
    shares: Float[Tensor, "pixels concepts"],
    labelled: Bool[Tensor, "pixels concepts"],
    *,
    seed: int = 0,
) -> Probes:
    """Fit a probe for every concept that some place shows.

    Args:
        pixels: Standardised features.
        shares: Which share of each place's cell shows the concept, in [0, 1].
        labelled: Whether the concept's category is labelled in the place's picture.
        seed: Of all draws, which are made on the CPU.
    """
    there = torch.where(shares.sum(0) > 0)[0]
    generator = torch.Generator().manual_seed(seed)
    at_once = max(1, _ELEMENTS_AT_ONCE // max(1, len(pixels)))
    parts = [_fit(pixels, shares[:, some], labelled[:, some], generator) for some in torch.split(there, at_once)]
    if not parts:
        return Probes(there, pixels.new_zeros(pixels.shape[1], 0), pixels.new_zeros(0))
    return Probes(there, torch.cat([part[:, 1:].T for part in parts], 1), torch.cat([part[:, 0] for part in parts]))


def _fit(
    pixels: Float[Tensor, "pixels channels"],
    shares: Float[Tensor, "pixels concepts"],
    labelled: Bool[Tensor, "pixels concepts"],
    generator: torch.Generator,
) -> Float[Tensor, "concepts one_and_channels"]:
    """Bias and weights of some probes, fitted together."""
    rows = functional.pad(pixels, (1, 0), value=1.0)  # a first channel of ones for the bias
    probes = rows.new_zeros(shares.shape[1], rows.shape[1])
    doubt = ((1 - shares) * labelled).T.contiguous()
    upto = shares.T.double().cumsum(1)
    for _ in range(EPOCHS):
        positive = _draw_positives(upto, generator)
        negative = _hardest_negatives(probes @ rows.T, doubt, generator)
        steps = zip(torch.split(positive, _BATCH, 1), torch.split(negative, NEGATIVES * _BATCH, 1), strict=True)
        for ours, theirs in steps:
            places = torch.cat([ours, theirs], 1)
            target = functional.pad(torch.ones_like(ours, dtype=rows.dtype), (0, theirs.shape[1]))
            weight = torch.where(target > 0, 1.0, doubt.gather(1, places))
            probes -= RATE * _gradient(probes, rows[places], target, weight)
    return probes


def _gradient(
    probes: Float[Tensor, "concepts channels"],
    rows: Float[Tensor, "concepts samples channels"],
    target: Float[Tensor, "concepts samples"],
    weight: Float[Tensor, "concepts samples"],
) -> Float[Tensor, "concepts channels"]:
    """Of the weighted mean of each probe's binary cross-entropy; written out, for a pass may forbid gradients."""
    wrong = (torch.einsum("csd,cd->cs", rows, probes).sigmoid() - target) * weight
    return torch.einsum("cs,csd->cd", wrong / weight.sum(1, keepdim=True), rows)


def _draw_positives(upto: Float[Tensor, "concepts pixels"], generator: torch.Generator) -> Int[Tensor, "concepts _"]:
    """Places of every concept in proportion to its share of them, with replacement, from the shares summed up."""
    drawn = torch.rand(len(upto), _POSITIVES, dtype=torch.double, generator=generator).to(upto.device)
    return torch.searchsorted(upto, drawn * upto[:, -1:], right=True).clamp(max=upto.shape[1] - 1)


def _hardest_negatives(
    scores: Float[Tensor, "concepts pixels"], doubt: Float[Tensor, "concepts pixels"], generator: torch.Generator
) -> Int[Tensor, "concepts _"]:
    """Of a drawn pool of each concept's negatives those of largest score, in drawn order; others fill what is missing.

    Those others have no doubt, hence no weight.
    """
    wanted = NEGATIVES * _POSITIVES
    share = POOL * _POSITIVES / (doubt > 0).sum(1, keepdim=True).clamp(min=1)
    drawn = torch.rand(scores.shape, generator=generator).to(scores.device)
    pooled = scores.masked_fill((doubt == 0) | (drawn > share), -torch.inf)
    hardest = pooled.topk(min(wanted, scores.shape[1]), dim=1, sorted=False).indices
    order = torch.randperm(wanted, generator=generator).to(scores.device) % hardest.shape[1]
    return hardest[:, order]
