"""How alike are the images that a unit answers to? Scores of CLIP's features e of its top images; no label is needed.

Dreyer et al., "Mechanistic understanding and validation of large AI models with SemanticLens" (Nature Machine
Intelligence, 2025):

=============== ======================================================================================================
clarity         mean cosine of two different images of the unit, from −1 / (n − 1) to 1
redundancy      cosine of the unit's mean feature and the nearest mean feature of another unit
polysemanticity 1 − cosine of the centres of two clusters of the unit's images (2-means), from 0 to 2
=============== ======================================================================================================

Pach et al., "Sparse Autoencoders Learn Monosemantic Features in Vision-Language Models" (NeurIPS 2025), with unit
features e and activations a in [0, 1]; the sum over pairs in closed form:

    monosemanticity = Σ_{i<j} a_i a_j ⟨e_i, e_j⟩ / Σ_{i<j} a_i a_j = (‖Σ a e‖² − Σ a²) / ((Σ a)² − Σ a²) .
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

EXAMPLES = 20
"""Top images of a unit that are compared; all 190 pairs of them begin a 2-means."""

_OUTLIERS = 10
_STEPS = 100
_ELEMENTS_AT_ONCE = 2**22


def clarity(features: Float[Tensor, "units examples features"]) -> Float[Tensor, " units"]:
    """Mean cosine of two different examples of a unit; features of any length, two examples at least.

    >>> clarity(torch.tensor([[[1.0, 0.0], [2.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]]))
    tensor([1., 0.])
    """
    count = features.shape[1]
    total = functional.normalize(features, dim=-1).sum(1).square().sum(1)
    return (total - count) / (count * (count - 1))


def redundancy(centres: Float[Tensor, "units features"]) -> Float[Tensor, " units"]:
    """Cosine of each unit's mean feature with the nearest other unit's; NaN for a unit alone.

    >>> redundancy(torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]]))
    tensor([1., 1., 0.])
    """
    if len(centres) < 2:
        return torch.full_like(centres[:, 0], torch.nan)
    unit = functional.normalize(centres, dim=-1)
    nearest = []
    for start in range(0, len(unit), group := max(1, _ELEMENTS_AT_ONCE // len(unit))):
        cosines = unit[start : start + group] @ unit.T
        own = torch.arange(len(cosines), device=unit.device)
        cosines[own, start + own] = -torch.inf
        nearest.append(cosines.amax(1))
    return torch.cat(nearest)


def polysemanticity(
    features: Float[Tensor, "units examples features"], second: Bool[Tensor, "units examples"] | None = None
) -> Float[Tensor, " units"]:
    """How far apart the two clusters of a unit's examples are: 1 − cosine of their centres.

    A cluster of a single example is an outlier and no second meaning. As in the released code, 1 − the mean cosine of
    the unit's mean with its ten first examples takes the place of the score there.

    Args:
        features: Two examples a unit at least.
        second: Which examples are of the second cluster; found by :func:`two_means` by default.
    """
    second = two_means(features) if second is None else second
    centres = torch.stack([_mean_of(features, ~second), _mean_of(features, second)], 1)
    smaller = torch.minimum(second.sum(1), (~second).sum(1))
    first, mean = features[:, :_OUTLIERS], features.mean(1, keepdim=True)
    among_all = functional.cosine_similarity(first, mean, dim=-1).mean(1)
    return 1 - torch.where(smaller < 2, among_all, clarity(centres))


def monosemanticity(
    activations: Float[Tensor, "units samples"], features: Float[Tensor, "units samples features"]
) -> Float[Tensor, " units"]:
    """Mean cosine of two different samples, weighted by the product of their activations.

    Args:
        activations: In [0, 1].
        features: Of any length.

    Returns:
        In [-1, 1]; NaN where fewer than two samples have weight.

    >>> features = torch.tensor([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    >>> monosemanticity(torch.tensor([[1.0, 1.0, 0.5]]), features)  # pairs of weight 1, ½, ½ and cosine 1, 0, 0
    tensor([0.5000])
    """
    unit = functional.normalize(features.double(), dim=-1)
    return _weighted(torch.einsum("us,usf->uf", activations.double(), unit), activations)


def monosemanticity_of_all(
    activations: Float[Tensor, "samples units"], features: Float[Tensor, "samples features"]
) -> Float[Tensor, " units"]:
    """:func:`monosemanticity` where all units see the same samples. Memory is units × features beside the arguments."""
    unit = functional.normalize(features, dim=-1)
    return _weighted((activations.T @ unit).double(), activations.T)


def unit_interval(
    values: Float[Tensor, "units samples"], lowest: Float[Tensor, " units"], highest: Float[Tensor, " units"]
) -> Float[Tensor, "units samples"]:
    """Activations as weights: 0 at a unit's lowest and 1 at its highest; all 0 where these are the same."""
    spread = (highest - lowest)[:, None]
    return ((values - lowest[:, None]) / torch.where(spread > 0, spread, torch.inf)).clamp(0, 1)


def two_means(features: Float[Tensor, "units examples features"]) -> Bool[Tensor, "units examples"]:
    """Part each unit's examples in two, with the least sum of squared distances to the two means that is found.

    Every pair of examples begins once (Lloyd 1982), so that the result is found without chance and depends neither on
    the order of the examples nor on other units. Only inner products are looked at.

    Returns:
        Which examples are not with the first one.
    """
    gram = features.double() @ features.double().transpose(1, 2)
    pairs = features.shape[1] * (features.shape[1] - 1) // 2
    group = max(1, _ELEMENTS_AT_ONCE // (pairs * features.shape[1]))
    return torch.cat([_best_split(part) for part in torch.split(gram, group)])


def _best_split(gram: Float[Tensor, "units examples _"]) -> Bool[Tensor, "units examples"]:
    one, other = torch.triu_indices(gram.shape[1], gram.shape[1], 1, device=gram.device)
    squares = gram.diagonal(dim1=1, dim2=2)[:, None]
    side = squares[:, 0, one, None] - 2 * gram[:, one] > squares[:, 0, other, None] - 2 * gram[:, other]
    for _ in range(_STEPS):
        distances = _distances(gram, ~side), _distances(gram, side)
        moved = distances[1] < distances[0]
        if torch.equal(moved, side):
            break
        side = moved
    best = torch.minimum(*distances).sum(2).argmin(1)
    chosen = side[torch.arange(len(side), device=gram.device), best]
    return chosen ^ chosen[:, :1]


def _distances(gram: Tensor, members: Bool[Tensor, "units starts examples"]) -> Tensor:
    """Squared distances of the examples to the mean of some, without their own squares; ∞ to the mean of none."""
    share = members.to(gram.dtype) / members.sum(2, keepdim=True)
    products = share @ gram
    return (-2 * products + (products * share).sum(2, keepdim=True)).nan_to_num(torch.inf)


def _mean_of(features: Tensor, members: Tensor) -> Tensor:
    weights = members.to(features.dtype)
    return torch.einsum("ue,uef->uf", weights, features) / weights.sum(1, keepdim=True)


def _weighted(total: Float[Tensor, "units features"], activations: Float[Tensor, "units samples"]) -> Tensor:
    weights = activations.double()
    alone = weights.square().sum(1)
    pairs = weights.sum(1).square() - alone
    known = (weights > 0).sum(1) > 1
    return torch.where(known, (total.square().sum(1) - alone) / torch.where(known, pairs, 1.0), torch.nan).float()
