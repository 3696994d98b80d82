"""Prototypes as pictures of eight bits: what is said of a prototype is said of the picture that the record holds."""

from __future__ import annotations

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

BRIGHT = 0.995
"""The share of an α map's pixels that are not brighter than white: a few are far above all others."""


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
