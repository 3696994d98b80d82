"""How interpretable is a basis? Sums over its directions of how well each fits the concept that it is called by.

Doumanoglou, Asteriadis & Zarpalas, "Unsupervised Interpretable Basis Extraction for Concept-Based Visual Explanations"
(2023). A direction i is called by the concept c_i of its largest IoU on one half of the pictures, and φ_i is its IoU
with that concept on the other half:

    S¹ = ∫ #{i : φ_i ≥ ξ} dξ = Σ_i φ_i                      ξ from 0 to 1, detectors at every threshold
    S² = ∫ #{c_i : φ_i ≥ ξ} dξ = Σ_c max_{i : c_i = c} φ_i    the same of unique detectors

The closed forms are ours; the tests hold them against the integrals. A φ that is not known (NaN: its concept is absent
from a half) adds nothing to a sum.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.basis.detectors.scores import DETECTOR, at_label, labels_of

_PERMUTATIONS = 100


def s1(scores: Float[Tensor, " units"]) -> float:
    """S¹: the sum over directions, from 0 to their number.

    >>> s1(torch.tensor([0.5, 0.25, 0.25]))
    1.0
    """
    return float(scores.double().nansum())


def s2(scores: Float[Tensor, " units"], labels: Int[Tensor, " units"]) -> float:
    """S²: the sum over concepts of the best direction that is called by each, from 0 to the number of concepts.

    >>> s2(torch.tensor([0.5, 0.25, 0.25]), torch.tensor([3, 3, 1]))
    0.75
    """
    called = labels >= 0
    if not bool(called.any()):
        return 0.0
    best = scores.new_zeros(int(labels.max()) + 1, dtype=torch.double)
    best.scatter_reduce_(0, labels[called], scores[called].double().nan_to_num(0.0), "amax")
    return float(best.sum())


def detectors(scores: Float[Tensor, " units"]) -> int:
    """Number of directions that detect their concept: whose φ is above 0.04."""
    return int((scores > DETECTOR).sum())


def unique_detectors(scores: Float[Tensor, " units"], labels: Int[Tensor, " units"]) -> int:
    """Number of concepts that some direction detects.

    >>> unique_detectors(torch.tensor([0.5, 0.25, 0.02]), torch.tensor([3, 3, 1]))
    1
    """
    return len(torch.unique(labels[scores > DETECTOR]))


def shuffled_sums(
    scores: Float[Tensor, "units concepts"], labels: Int[Tensor, " units"], *, seed: int
) -> tuple[float, float]:
    """S¹ and S² where the labels of a basis are dealt out anew: how much is due to the labels alone.

    Args:
        scores: Of every direction with every concept, on the half where directions are scored.
        labels: What they are called by.
        seed: Of the permutations.

    Returns:
        Means over 100 permutations of the labels.

    >>> shuffled_sums(torch.full((4, 2), 0.5), torch.tensor([0, 0, 1, 1]), seed=0)
    (2.0, 1.0)
    """
    generator = torch.Generator().manual_seed(seed)
    sums = []
    for _ in range(_PERMUTATIONS):
        dealt = labels[torch.randperm(len(labels), generator=generator).to(labels.device)]
        found = at_label(scores, dealt)
        sums.append((s1(found), s2(found, dealt)))
    first, second = torch.tensor(sums, dtype=torch.double).mean(0).tolist()
    return first, second


def best_on_the_other_half(
    train: Float[Tensor, "units concepts"], validation: Float[Tensor, "units concepts"]
) -> Float[Tensor, " units"]:
    """Of every unit the score, on one half, of the concept that scores best on the other; NaN where nothing is known.

    >>> best_on_the_other_half(torch.tensor([[0.9, 0.6]]), torch.tensor([[0.7, 0.8]]))
    tensor([0.7000])
    """
    return at_label(validation, labels_of(train))
