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
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

Similarity = Literal["cos_similarity", "cos_similarity_cubed", "rank_reorder", "wpmi", "soft_wpmi"]

_EPSILON = 1e-7
_LEAST_MEAN = 1e-4
_ELEMENTS_AT_ONCE = 2**22


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
    scores = [
        _rank_error(by_concept[:, rows], profile, power) / by_concept[:, rows].mean(1).clamp(_LEAST_MEAN) ** mean_power
        for rows, profile in zip(strongest.indices.T, strongest.values.T, strict=True)
    ]
    return -torch.stack(scores)


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
    log_chance = torch.log(torch.softmax(scale * image_text, dim=1) + _EPSILON)
    parts = []
    for units in _some_at_once(top, image_text.shape[1]):
        total = torch.zeros(len(units), image_text.shape[1], dtype=torch.float64, device=image_text.device)
        for rows in units.T:
            total += log_chance[rows.clamp(min=0)].masked_fill(rows[:, None] < 0, 0.0)
        parts.append(total)
    return _as_if_full(torch.cat(parts), top)


def soft_wpmi_evidence(
    image_text: Float[Tensor, "samples concepts"],
    top: Int[Tensor, "units k"],
    *,
    scale: float = 10.0,
    surest: float = 0.998,
    least_sure: float = 0.97,
) -> Float[Tensor, "units concepts"]:
    """L of :func:`soft_wpmi`, in float64.

    A term lies in [2e-3, 1], so the product of a hundred fits float64 and one logarithm takes the place of a hundred.

    Args:
        image_text: P.
        top: As in :func:`soft_wpmi`.
        scale: The factor a.
        surest: Probability p_0 that the first image belongs to the unit.
        least_sure: Probability after the last.
    """
    chance = torch.softmax(scale * image_text, dim=1)
    k = top.shape[1]
    parts = []
    for units in _some_at_once(top, image_text.shape[1]):
        total = torch.zeros(len(units), image_text.shape[1], dtype=torch.float64, device=image_text.device)
        product = torch.ones_like(total)
        for rank, rows in enumerate(units.T):
            sure = surest - rank / k * (surest - least_sure)
            term = chance[rows.clamp(min=0)].sub_(1.0).mul_(sure).add_(1.0).add_(_EPSILON)
            product *= term.masked_fill_(rows[:, None] < 0, 1.0)
            if rank % 100 == 99 or rank == k - 1:
                total += product.log()
                product.fill_(1.0)
        parts.append(total)
    return _as_if_full(torch.cat(parts), top)


def above_chance(evidence: Float[Tensor, "units concepts"], strength: float) -> Float[Tensor, "units concepts"]:
    """``L − λ log p(t)`` with ``p(t)`` the mean of ``exp L`` over the units that are scored together.

    Units that are −∞ throughout (they never won) stay so and are no company to the others.
    """
    alive = evidence.isfinite().all(1)
    if not bool(alive.any()):
        return evidence
    log_chance = evidence[alive].logsumexp(0) - math.log(int(alive.sum()))
    return evidence - strength * log_chance


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


def _some_at_once(top: Tensor, concepts: int) -> list[Tensor]:
    """Units in groups that keep units × concepts of a group small."""
    size = max(1, _ELEMENTS_AT_ONCE // concepts)
    return [top[start : start + size] for start in range(0, len(top), size)]


def _as_if_full(evidence: Tensor, top: Tensor) -> Tensor:
    """Scale the evidence of n images to that of k; −∞ where there is none."""
    wins = (top >= 0).sum(1, keepdim=True)
    scaled = evidence * (top.shape[1] / wins.clamp(min=1))
    return scaled.masked_fill(wins == 0, -math.inf)
