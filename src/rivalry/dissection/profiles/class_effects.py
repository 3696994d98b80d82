"""Which classes a unit speaks for, and which against.

Where all that stands behind a layer is a linear classifier of its mean, a unit adds (its mean activation) × (the
classifier's weight) to a class' logit on average, and this is its effect. For directions z = Wᵀx − b of such a layer
the weights are those of the classifier of x, times the inverse of W. Else the effect is Pearson's correlation of the
unit's pooled activation with the class' logit over the sampled pictures: what goes together, whatever it is due to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rivalry.dissection.profiles.centred import centred
from rivalry.dissection.profiles.layer_profile import LayerProfile, Sample
from rivalry.recording.directions import Directions
from rivalry.recording.linear_head import reading_classifier

By = Literal["weight", "correlation"]

_AT_ONCE = 2**22
_CLOSE = 1e-3

_ROUNDING = 1e-6
"""Share of a unit's greatest effect below which another is what rounding leaves of none."""


@dataclass(frozen=True)
class Strongest:
    """The classes on which each unit has the greatest effect of one sign, strongest first.

    Attributes:
        classes: Positions among the classes.
        effects: Zero where there are no further ones.
    """

    classes: Int[Tensor, "units count"]
    effects: Float[Tensor, "units count"]


@dataclass(frozen=True)
class ClassEffects:
    """What a layer's units do to classes.

    Attributes:
        raised: Classes with effects above zero.
        lowered: Classes with effects below zero.
        by: What an effect is.
    """

    raised: Strongest
    lowered: Strongest
    by: By


def class_effects(
    network: nn.Module, profile: LayerProfile, count: int, directions: Directions | None = None
) -> ClassEffects:
    """Find the classes that each unit raises and lowers most.

    Args:
        network: Whose layer it is.
        profile: Of the layer.
        count: Classes to find of either sign; fewer where there are no more.
        directions: Of which the layer's units are answers.
    """
    weights = _weights(network, profile.sample, directions)
    if weights is not None:
        raised, lowered = _strongest(lambda block: (profile.mean[block] * weights[:, block]).T, profile, count)
        return ClassEffects(raised, lowered, "weight")
    columns, logits = centred(profile.sample.values), centred(profile.sample.logits)
    raised, lowered = _strongest(lambda block: columns[:, block].T @ logits, profile, count)
    return ClassEffects(raised, lowered, "correlation")


def _weights(
    network: nn.Module, sample: Sample, directions: Directions | None
) -> Float[Tensor, "classes units"] | None:
    """Of the classifier that reads the units' mean, if there is such a one."""
    if not len(sample.index):
        return None
    values, back = sample.values, None
    if directions is not None:
        back = _inverse(directions)
        if back is None:
            return None
        back = back.to(values.device)
        values = ((values + directions.bias.to(values)).double() @ back).float()
    classifier = reading_classifier(network, values[:, :, None, None], sample.logits)
    if classifier is None:
        return None
    weights = classifier.weight.detach().to(values.device)
    return weights if back is None else weights.double() @ back.T


def _inverse(directions: Directions) -> Float[Tensor, "directions channels"] | None:
    """What turns answers of directions back into the layer's own; None where they do not say all of it."""
    weights = directions.weights.double()
    if weights.shape[0] != weights.shape[1]:
        return None
    inverse = torch.linalg.pinv(weights)
    lost = (weights @ inverse - torch.eye(len(weights)).to(weights)).abs().amax()
    return inverse if float(lost) < _CLOSE else None


def _strongest(
    effects_of: Callable[[Tensor], Tensor], profile: LayerProfile, count: int
) -> tuple[Strongest, Strongest]:
    """Raised and lowered classes, some units at a time; of equal effects the first class comes first."""
    classes = profile.sample.logits.shape[1]
    count = min(count, classes)
    units = torch.arange(profile.units, device=profile.mean.device)
    found: list[tuple[Tensor, ...]] = []
    for block in torch.split(units, max(1, _AT_ONCE // max(classes, 1))):
        effects = effects_of(block)
        least = _ROUNDING * effects.abs().amax(1, keepdim=True)
        effects = torch.where(effects.abs() > least, effects, 0.0)
        raised = effects.clamp(min=0).sort(dim=1, descending=True, stable=True)
        lowered = effects.clamp(max=0).sort(dim=1, stable=True)
        found.append(
            (raised.indices[:, :count], raised.values[:, :count], lowered.indices[:, :count], lowered.values[:, :count])
        )
    parts = [torch.cat(part) for part in zip(*found, strict=True)]
    return Strongest(parts[0], parts[1]), Strongest(parts[2], parts[3])
