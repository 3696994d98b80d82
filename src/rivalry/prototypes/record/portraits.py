"""Prototypes as pictures of eight bits: what is said of a prototype is said of the picture that the record holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from rivalry.prototypes.optimisation import Optimised

BRIGHT = 0.995
"""The share of an α map's pixels that are not brighter than white: a few are far above all others."""


@dataclass(frozen=True)
class Portraits:
    """The prototypes of some targets by one recipe, copies of a target one after another.

    Attributes:
        pictures: As the record holds them.
        alpha: Where the value came from, as grey pictures.
        values: Of the pictures, for their targets.
        answered: Whether the targets answer to them.
        probabilities: Of the targets' classes; NaN for other targets.
        starts: Where each began: ``canvas``, ``earlier``, or ``noise`` or ``natural`` (see
            :mod:`rivalry.prototypes.waking`).
        how: The optimisation that made them.
    """

    pictures: UInt8[Tensor, "images 3 height width"]
    alpha: UInt8[Tensor, "images 1 height width"]
    values: Float[Tensor, " images"]
    answered: Bool[Tensor, " images"]
    probabilities: Float[Tensor, " images"]
    starts: tuple[str, ...]
    how: Optimised


def to_bytes(images: Float[Tensor, "batch channels height width"]) -> UInt8[Tensor, "batch channels height width"]:
    """Images of [0, 1] as pictures of 0 to 255.

    >>> to_bytes(torch.tensor([0.0, 0.5, 1.0]).reshape(1, 1, 1, 3)).flatten().tolist()
    [0, 128, 255]
    """
    return (images.detach() * 255).round().clamp(0, 255).to(torch.uint8)


def alpha_to_bytes(alpha: Float[Tensor, "batch height width"]) -> UInt8[Tensor, "batch 1 height width"]:
    """α maps as grey pictures, each by its own brightest parts; black where nothing drew the gradient.

    >>> alpha_to_bytes(torch.tensor([[[0.0, 2.0]]])).flatten().tolist()
    [0, 255]
    """
    ordered = alpha.flatten(1).sort(dim=1).values  # torch.quantile refuses large ones
    bright = ordered[:, round(BRIGHT * (ordered.shape[1] - 1))][:, None, None]
    return to_bytes((alpha / bright.clamp(min=torch.finfo(alpha.dtype).tiny))[:, None])


def joined(parts: Sequence[tuple[Sequence[int], Portraits]]) -> Portraits:
    """Put prototypes that were made apart into one order.

    Args:
        parts: The rows that each part's prototypes have, all of them together 0 to their number.
    """
    if len(parts) == 1:
        return parts[0][1]
    back = torch.tensor([row for rows, _ in parts for row in rows]).argsort()
    ones = [one for _, one in parts]

    def in_order(tensors: Sequence[Tensor]) -> Tensor:
        return torch.cat(list(tensors))[back.to(tensors[0].device)]

    names = [name for one in ones for name in one.starts]
    return Portraits(
        in_order([one.pictures for one in ones]),
        in_order([one.alpha for one in ones]),
        in_order([one.values for one in ones]),
        in_order([one.answered for one in ones]),
        in_order([one.probabilities for one in ones]),
        tuple(names[place] for place in back.tolist()),
        Optimised(**{one.name: in_order([getattr(part.how, one.name) for part in ones]) for one in fields(Optimised)}),
    )
