"""The bases that an interpretable one is held against: the layer's own units, principal components, a random rotation.

All three are orthonormal in the standardised space of the layer's pixels, as the rotation is, so that they differ from
it by their directions alone. A unit is taken as it is. The sign of a principal component or of a random direction means
nothing; both are turned so that their projections are skewed to the right, few pixels lying far above the mean, which
is what a detector does (our choice, in their favour).
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.basis.rotation.start import random_rotation


def natural(channels: int) -> Float[Tensor, "channels _"]:
    """A direction for every unit of the layer."""
    return torch.eye(channels)


def principal(pixels: Float[Tensor, "pixels channels"], directions: int) -> Float[Tensor, "channels directions"]:
    """The principal components of largest variance (Pearson 1901), turned to positive skewness.

    Args:
        pixels: Standardised: columns of mean 0 and variance 1.
        directions: How many, at most as many as there are channels.
    """
    rows = pixels.double()
    _, vectors = torch.linalg.eigh(rows.T @ rows / len(rows))
    return skewed_right(vectors.flip(1)[:, :directions].to(pixels.dtype), pixels)


def random_directions(
    pixels: Float[Tensor, "pixels channels"], directions: int, *, seed: int
) -> Float[Tensor, "channels directions"]:
    """Directions of a random rotation, those that a fit of the same seed begins with, turned to positive skewness.

    Args:
        pixels: Standardised.
        directions: How many, at most as many as there are channels.
        seed: Of the draw, which is made on the CPU.
    """
    return skewed_right(random_rotation(pixels.shape[1], seed)[:, :directions].to(pixels), pixels)


def skewed_right(
    matrix: Float[Tensor, "channels directions"], pixels: Float[Tensor, "pixels channels"]
) -> Float[Tensor, "channels directions"]:
    """Turn directions round whose projections of standardised pixels have a negative third moment.

    >>> skewed_right(torch.eye(1), torch.tensor([[1.0], [1.0], [-2.0]]))
    tensor([[-1.]])
    """
    moments = (pixels @ matrix).pow(3).sum(0)
    return torch.where(moments < 0, -matrix, matrix)
