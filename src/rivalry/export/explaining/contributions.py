"""What each unit of a layer adds to the value that is asked for, and how many of them must be read.

    contribution of unit k = Σ_p a_kp ∂value/∂a_kp                  over the places p of the layer

Where all that stands behind a layer is a mean over its places (or the class token) and a linear classifier, that is
activation × weight over the pool, and contributions sum to the value less the bias: exactly. Elsewhere it is of first
order, and says what a small change of the unit's amount would change; what contributions sum to is told beside it.
(Panousis & Chatzis, "DISCOVER", NeurIPS 2023, read single decisions off the winners; contributions are ours.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from rivalry.export.explaining.hearing import HeardLayer, HeardPicture
from rivalry.recording.pooling import positions_won

_CLOSE = 1e-3
_ROUNDING = 1e-9


@dataclass(frozen=True)
class UnitParts:
    """What each unit of a layer is and does on one picture.

    Attributes:
        strength: Mean activation over the places won. Of a unit without competition that is nowhere above zero, over
            all places.
        win_share: Share of places won, in [0, 1].
        contribution: To the value that is asked for.
    """

    strength: Float[Tensor, " units"]
    win_share: Float[Tensor, " units"]
    contribution: Float[Tensor, " units"]

    @property
    def won(self) -> Bool[Tensor, " units"]:
        """Which units won somewhere."""
        return self.win_share > 0

    @property
    def speaking(self) -> Bool[Tensor, " units"]:
        """Which units won somewhere, or contribute: without competition one below zero may."""
        return self.won | (self.contribution != 0)


def unit_parts(layer: str, heard: HeardLayer, axis: int) -> UnitParts:
    """Read the units of a layer.

    Args:
        layer: Dotted name, for errors.
        heard: What it did on the picture.
        axis: Of its units, counted from 0.

    Raises:
        ValueError: If the value that is asked for does not depend on the layer.
    """
    if heard.gradient is None:
        raise ValueError(f"the logits do not depend on layer {layer!r}: name a layer on the way to them")
    won = by_unit(positions_won(heard.output, heard.winners, heard.competitors, axis), axis)
    values, gradient = (by_unit(one, axis).double() for one in (heard.output, heard.gradient))
    count = won.sum(1)
    over_wins = (values * won).sum(1) / count.clamp(min=1)
    lost = torch.zeros_like(over_wins) if heard.competitors is not None else values.mean(1)
    return UnitParts(torch.where(count > 0, over_wins, lost), won.double().mean(1), (values * gradient).sum(1))


def by_unit(tensor: Tensor, axis: int) -> Tensor:
    """What a layer gave for its one picture as (units, places)."""
    return tensor.movedim(axis, 1)[0].flatten(1) if tensor.ndim > 2 else tensor[0][:, None]


def enters_linearly(network: nn.Module, picture: HeardPicture, heard: HeardLayer, axis: int) -> bool:
    """Whether a linear classifier reads the layer, pooled over its places.

    That is so where the gradient, summed over places, is the classifier's weight, and what units contribute sums to the
    value less the bias.

    Args:
        network: Whose classifiers are tried.
        picture: The pass.
        heard: The layer in it.
        axis: Of its units.
    """
    if heard.gradient is None:
        return False
    values, gradient = (by_unit(one, axis).double() for one in (heard.output, heard.gradient))
    slope, total = gradient.sum(1), float((values * gradient).sum())
    factors = picture.factors.double()
    for module in network.modules():
        if isinstance(module, nn.Linear) and module.weight.shape == (len(factors), len(slope)):
            weight = factors @ module.weight.detach().double()
            bias = 0.0 if module.bias is None else float(factors @ module.bias.detach().double())
            size = float((values * gradient).abs().sum()) + abs(bias)
            reads = float((slope - weight).abs().max()) <= _CLOSE * float(weight.abs().max())
            if reads and abs(total + bias - picture.value) <= _CLOSE * size:
                return True
    return False


def units_to_cover(contributions: Sequence[float], share: float = 0.9) -> int:
    """How many units must be read, the largest contributions of either sign first, to know a share of their sum.

    The smallest k from which on the running sum stays within 1 − ``share`` of the total: a sum that passes through the
    total and leaves it again has not arrived.

    Args:
        contributions: Of all units, in any order.
        share: In (0, 1].

    Raises:
        ValueError: For a share out of bounds, or contributions that are not finite.

    >>> units_to_cover([4.0, 0.1, 5.9, 0.0])
    2
    >>> units_to_cover([4.0, -4.0, 1.0])
    3
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share of the sum to cover lies above 0 and is 1 at most, got {share}")
    values = np.asarray(contributions, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("contributions must be finite, and some are NaN or infinite")
    order = np.argsort(-np.abs(values), kind="stable")
    running = np.concatenate([[0.0], np.cumsum(values[order])])
    outside = np.abs(running - running[-1]) > (1 - share + _ROUNDING) * abs(running[-1])
    return int(np.flatnonzero(outside)[-1]) + 1 if outside.any() else 0
