"""From what a layer gives at every position to one number for every image and unit, and how often the unit won there.

Competition is held at every position separately, so the average over positions makes an image's vector dense although
every position is sparse: the share of positions won (the win rate) is therefore always given beside the pooled value.

A layer without competition (U = 1: ReLU, GELU …) has no winners; there, to win means to be above zero.
"""

from __future__ import annotations

import difflib
from typing import Literal, NamedTuple, get_args

from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.lwta.axes import axis_by_shape
from rivalry.lwta.competition import win_mask

Pooling = Literal["mean", "max", "class_token", "win_rate"]


class Pooled(NamedTuple):
    """One number for every image and unit.

    Attributes:
        values: The pooled activation.
        win_rate: Share of the positions pooled over at which the unit won, in [0, 1].
    """

    values: Float[Tensor, "batch units"]
    win_rate: Float[Tensor, "batch units"]


def unit_axis(output: Float[Tensor, "..."], dim: int | None = None) -> int:
    """The axis of units, counted from 0.

    Args:
        output: What a layer gave, batch first.
        dim: The axis, where it is known: :func:`rivalry.recording.axes.unit_axes` finds it for the layers of an
            analysis. None for vectors and tokens, whose units are last, and maps of square images, whose shape tells.

    Raises:
        ValueError: For other than 2 to 4 axes, or a map whose shape does not tell.

    >>> import torch
    >>> unit_axis(torch.zeros(2, 16, 8, 8)), unit_axis(torch.zeros(2, 8, 8, 16)), unit_axis(torch.zeros(2, 197, 192))
    (1, 3, 2)
    >>> unit_axis(torch.zeros(2, 8, 8, 8), dim=-1)
    3
    """
    if output.ndim not in (2, 3, 4):
        raise ValueError(f"a tapped layer gives 2, 3 or 4 axes, batch first; got shape {tuple(output.shape)}")
    if dim is not None:
        return dim % output.ndim
    axis = output.ndim - 1 if output.ndim < 4 else axis_by_shape(tuple(output.shape))
    if axis is None:
        raise ValueError(f"units of shape {tuple(output.shape)} may lie along axis 1 or along the last; pass dim")
    return axis


def positions_won(
    output: Float[Tensor, "batch ..."],
    winners: Int[Tensor, "batch ..."] | None = None,
    competitors: int | None = None,
    dim: int | None = None,
) -> Bool[Tensor, "batch ..."]:
    """Mark where each unit won, in the shape of the output.

    Args:
        output: What the layer gave.
        winners: The winners' places in their blocks, of a layer that competes.
        competitors: Units in a block, of a layer that competes.
        dim: Axis of units, as for :func:`unit_axis`.
    """
    if winners is None or competitors is None:
        return output > 0
    return win_mask(winners, competitors, unit_axis(output, dim))


def pool(
    output: Float[Tensor, "batch ..."],
    won: Bool[Tensor, "batch ..."],
    pooling: Pooling = "mean",
    dim: int | None = None,
) -> Pooled:
    """Pool over positions.

    Args:
        output: What the layer gave: (batch, units), (batch, tokens, units), (batch, units, height, width) or
            (batch, height, width, units).
        won: Where each unit won, of the same shape.
        pooling: ``mean`` over positions; ``max`` over the positions won (0 where there is none; the maximum over all
            would put a loser's 0 above every negative win); ``class_token`` the first token alone; ``win_rate`` the
            share of positions won.
        dim: Axis of units, as for :func:`unit_axis`.

    Raises:
        ValueError: For an unknown pooling, or ``class_token`` where there are no tokens.
    """
    check_pooling(pooling)
    axis = unit_axis(output, dim)
    values, wins = (
        tensor.movedim(axis, 1).flatten(2) if tensor.ndim > 2 else tensor[..., None] for tensor in (output, won)
    )
    if pooling == "class_token":
        if output.ndim != 3:
            raise ValueError(
                f"pooling 'class_token' wants tokens, shape (batch, tokens, units), got shape {tuple(output.shape)}; "
                "choose another pooling, such as 'mean'"
            )
        values, wins = values[..., :1], wins[..., :1]
    rate = wins.float().mean(2)
    if pooling == "win_rate":
        return Pooled(rate, rate)
    if pooling == "max":
        highest = values.masked_fill(~wins, -float("inf")).amax(2).float()
        return Pooled(highest.masked_fill(rate == 0, 0.0), rate)
    return Pooled(values.float().mean(2), rate)


def check_pooling(pooling: str) -> None:
    """Raise a ``ValueError`` for an unknown pooling."""
    known = get_args(Pooling)
    if pooling not in known:
        near = difflib.get_close_matches(pooling, known, n=1, cutoff=0.0)[0]
        raise ValueError(f"unknown pooling {pooling!r}; known are {', '.join(known)}; nearest is {near!r}")
