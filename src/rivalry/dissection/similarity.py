"""How well each concept describes each unit: the five similarity functions of CLIP-Dissect.

Oikarinen & Weng, "CLIP-Dissect: Automatic Description of Neuron Representations in Deep Vision Networks" (ICLR 2023).
With P the cosines of CLIP between images and concepts and q the units' activations over the same images:

==================== ==============================================================================================
cos_similarity       cosine of the columns of P and q
cos_similarity_cubed the same after centring and cubing
rank_reorder         how far the top activations move when re-ordered by P, against chance, over the mean of P
wpmi                 L = Σ_r log S_r,  S = softmax over concepts of a·P,  r over the unit's k top images
soft_wpmi            L = Σ_r log(1 + p_r (S_r − 1)),  p_r falling linearly: how sure it is that r belongs
==================== ==============================================================================================

The last two score ``L − λ log p(t)``, with ``p(t)`` the mean of ``exp L`` over the units that are scored together: a
unit's label depends on its company. Score a layer at a time.

Only real wins count. A unit with n < k top images has its L scaled by k/n, so that it weighs in ``p(t)`` as others do;
a unit with none is left out of ``p(t)`` and scores −∞ throughout.

These are the formulas, for matrices that fit memory; :mod:`rivalry.dissection.evidence` is how a layer is scored.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

Similarity = Literal["cos_similarity", "cos_similarity_cubed", "rank_reorder", "wpmi", "soft_wpmi"]

EPSILON = 1e-7
"""Added to every probability before its logarithm."""

_LEAST_MEAN = 1e-4


def cos_similarity(
    image_text: Float[Tensor, "samples concepts"], activations: Float[Tensor, "samples units"]
) -> Float[Tensor, "units concepts"]:
    """Cosine of a unit's activations with a concept's cosines, without centring; 0 for a silent unit."""
    return _unit_columns(activations, 0.0).T @ _unit_columns(image_text, 0.0)


def cos_similarity_cubed(
    image_text: Float[Tensor, "samples concepts"],
    activations: Float[Tensor, "samples units"],
    *,
    min_norm: float = 1e-3,
) -> Float[Tensor, "units concepts"]:
    """Cosine of the cubes of the centred columns; norms below ``min_norm`` count as ``min_norm``."""
    cubes = ((columns - columns.mean(0)) ** 3 for columns in (activations, image_text))
    units, concepts = (_unit_columns(cube, min_norm) for cube in cubes)
    return units.T @ concepts


def rank_reorder(
    image_text: Float[Tensor, "samples concepts"],
    activations: Float[Tensor, "samples units"],
    *,
    top_fraction: float = 0.05,
    power: float = 3.0,
    mean_power: float = 0.5,
) -> Float[Tensor, "units concepts"]:
    """Minus the error of the top activations re-ordered by P, relative to chance, over ``mean(P)^mean_power``.

    Two things differ from the released code. Its chance level is an average over five unseeded permutations; here it is
    that average's exact expectation, ``mean_ij |q_i − q_j|^power``. Where a concept's mean cosine is not positive its
    root is NaN; here the mean counts as at least 1e-4, so that such a concept scores very low.

    Args:
        image_text: P.
        activations: q.
        top_fraction: Share of the images that are looked at for each unit (two at least).
        power: Of the error.
        mean_power: Of the mean cosine of the images looked at.

    Returns:
        Scores ≤ 0; with a unit whose top activations are all alike every order is as good as chance.
    """
    count = min(max(int(len(activations) * top_fraction), 2), len(activations))
    strongest = activations.topk(count, dim=0)
    by_concept = image_text.T.contiguous()
    scores = image_text.new_empty(activations.shape[1], len(by_concept))  # a list of rows would scatter over the heap
    for unit, (rows, profile) in enumerate(zip(strongest.indices.T, strongest.values.T, strict=True)):
        cosines = by_concept[:, rows]
        scores[unit] = -_rank_error(cosines, profile, power) / cosines.mean(1).clamp(_LEAST_MEAN) ** mean_power
    return scores


def wpmi(
    image_text: Float[Tensor, "samples concepts"],
    top: Int[Tensor, "units k"],
    *,
    scale: float = 2.0,
    strength: float = 0.6,
) -> Float[Tensor, "units concepts"]:
    """Weighted pointwise mutual information (the paper's k is 28). See :func:`soft_wpmi` for the arguments."""
    return above_chance(wpmi_evidence(image_text, top, scale=scale), strength)


def soft_wpmi(
    image_text: Float[Tensor, "samples concepts"],
    top: Int[Tensor, "units k"],
    *,
    scale: float = 10.0,
    strength: float = 1.0,
) -> Float[Tensor, "units concepts"]:
    """Weighted pointwise mutual information with uncertain membership of the top images (the paper's k is 100).

    Args:
        image_text: P, of the images that ``top`` speaks of.
        top: Rows of each unit's top images, strongest first; -1 where a unit has no more.
        scale: The factor a on the cosines.
        strength: The weight λ of ``log p(t)``.

    >>> cosines = torch.tensor([[0.9, 0.1], [0.1, 0.9]])
    >>> soft_wpmi(cosines, torch.tensor([[0], [1]])).argmax(1)
    tensor([0, 1])
    """
    return above_chance(soft_wpmi_evidence(image_text, top, scale=scale), strength)


def wpmi_evidence(
    image_text: Float[Tensor, "samples concepts"], top: Int[Tensor, "units k"], *, scale: float = 2.0
) -> Float[Tensor, "units concepts"]:
    """L of :func:`wpmi`, in float64."""
    log_chance = torch.log(torch.softmax(scale * image_text.double(), dim=1) + EPSILON)
    return _of_all_wins((log_chance[rows] for rows in top.T), top)


def soft_wpmi_evidence(
    image_text: Float[Tensor, "samples concepts"],
    top: Int[Tensor, "units k"],
    *,
    scale: float = 10.0,
    surest: float = 0.998,
    least_sure: float = 0.97,
) -> Float[Tensor, "units concepts"]:
    """L of :func:`soft_wpmi`, in float64.

    Args:
        image_text: P.
        top: As in :func:`soft_wpmi`.
        scale: The factor a.
        surest: Probability p_0 that the first image belongs to the unit.
        least_sure: Probability after the last.
    """
    chance = torch.softmax(scale * image_text.double(), dim=1)
    sure = membership(top.shape[1], surest, least_sure)
    terms = (torch.log(1 + p * (chance[rows] - 1) + EPSILON) for p, rows in zip(sure, top.T, strict=True))
    return _of_all_wins(terms, top)


def membership(k: int, surest: float, least_sure: float) -> list[float]:
    """How sure :func:`soft_wpmi` is that each of k top images belongs to its unit: p_r, falling linearly."""
    return [surest - rank / k * (surest - least_sure) for rank in range(k)]


def above_chance(evidence: Float[Tensor, "units concepts"], strength: float) -> Float[Tensor, "units concepts"]:
    """``L − λ log p(t)`` with ``p(t)`` the mean of ``exp L`` over the units that are scored together.

    Units that are −∞ throughout (they never won) stay so and are no company to the others.
    """
    alive = evidence.isfinite().all(1)
    return evidence - strength * log_commonness(evidence[alive]) if bool(alive.any()) else evidence


def log_commonness(evidence: Float[Tensor, "living concepts"]) -> Float[Tensor, " concepts"]:
    """``log p(t)`` of units that won, one at least."""
    return evidence.logsumexp(0) - math.log(len(evidence))


def _unit_columns(columns: Tensor, min_norm: float) -> Tensor:
    norm = columns.norm(dim=0).clamp(min=min_norm)
    return columns / torch.where(norm > 0, norm, 1.0)


def _rank_error(
    cosines: Float[Tensor, "concepts top"], profile: Float[Tensor, " top"], power: float
) -> Float[Tensor, " concepts"]:
    """Error of one unit's top activations, descending, when a concept re-orders them; relative to a random order."""
    chance = (profile[:, None] - profile[None, :]).abs().pow(power).mean()
    if chance == 0:
        return torch.ones_like(cosines[:, 0])
    ascending = cosines.argsort(dim=1, stable=True)
    return (profile.flip(0) - profile[ascending]).abs().pow(power).mean(1) / chance


def _of_all_wins(terms: Iterable[Tensor], top: Tensor) -> Tensor:
    """Sum of the terms where a unit won, scaled from its n images to k; −∞ where it won in none."""
    wins = top >= 0
    total = torch.zeros((), dtype=torch.float64, device=top.device)
    for term, won in zip(terms, wins.T, strict=True):
        total = total + term.masked_fill(~won[:, None], 0.0)
    count = wins.sum(1, keepdim=True)
    return (total * (top.shape[1] / count.clamp(min=1))).masked_fill(count == 0, -math.inf)
