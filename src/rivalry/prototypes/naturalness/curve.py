"""The normalised similarity of a prototype to natural pictures: 1, as another picture of its class; 0, as of others.

    (s(nat_c, vis_c) − s(nat_c, nat_≠c)) / (s(nat_c, nat'_c) − s(nat_c, nat_≠c))

Geirhos, Zimmermann, Bilodeau, Brendel & Kim, "Don't trust your eyes" (ICML 2024). Each s is the mean over pairs, those
of one and the same picture left out. Where a layer does not tell a class' pictures from others, the denominator is
nothing but chance, and there is no scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.numerics.bootstrap import Interval, bootstrap


@dataclass(frozen=True)
class Similarities:
    """How alike, at one layer, a target's natural pictures (nat_c) are to everything.

    Attributes:
        prototypes: To each prototype.
        same: To each other.
        other: To pictures of other classes.
    """

    prototypes: Float[Tensor, "own prototypes"]
    same: Float[Tensor, "own own"]
    other: Float[Tensor, "own others"]

    def means(self) -> tuple[Float[Tensor, " prototypes"], float, float]:
        """Over pairs, of the three; NaN pairs, and those of a picture with itself, are left out."""
        apart = ~torch.eye(len(self.same), dtype=torch.bool, device=self.same.device)
        return self.prototypes.nanmean(0), float(self.same[apart].nanmean()), float(self.other.nanmean())


@dataclass(frozen=True)
class Curve:
    """One point of the curve of each prototype.

    Attributes:
        normalised: Of each prototype, with where it lies had other natural pictures been drawn.
        scale: The denominator, likewise.
    """

    normalised: tuple[Interval, ...]
    scale: Interval

    @property
    def known(self) -> bool:
        """Whether the layer tells the class' pictures from others: the interval of the scale lies above 0."""
        return self.scale.low > 0


def normalise(found: Similarities, *, resamples: int, seed: int) -> Curve:
    """Normalise similarities, with percentile intervals over natural pictures, own and others.

    Args:
        found: No NaN among it.
        resamples: How often pictures are drawn anew.
        seed: Of these draws.

    >>> ones = torch.ones(3, 1, dtype=torch.float64)
    >>> found = Similarities(prototypes=0.3 * ones, same=0.5 * ones @ ones.T, other=0.1 * ones)
    >>> round(normalise(found, resamples=10, seed=0).normalised[0].value, 3)
    0.5
    """
    own, others = found.other.shape

    def statistic(weights: Tensor) -> Mapping[str, Tensor]:
        to_prototypes, same, other = _weighted(found, weights[:, :own], weights[:, own:])
        points = (to_prototypes - other[:, None]) / (same - other)[:, None]
        return {"scale": same - other} | {str(place): point for place, point in enumerate(points.T)}

    device = found.same.device
    intervals = bootstrap(statistic, own + others, resamples=resamples, seed=seed, device=device)
    scale = intervals.pop("scale")
    return Curve(tuple(intervals.values()), scale)


def _weighted(found: Similarities, own: Tensor, others: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Means over pairs where pictures count as often as they were drawn; a picture's own pairs are none."""
    total = own.sum(1)
    to_prototypes = own @ found.prototypes / total[:, None]
    pairs = (own @ found.same * own).sum(1) - own.square() @ found.same.diagonal()
    same = pairs / (total.square() - own.square().sum(1))
    other = (own @ found.other * others).sum(1) / (total * others.sum(1))
    return to_prototypes, same, other
