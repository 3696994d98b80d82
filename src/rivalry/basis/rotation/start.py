"""Where a fit begins: standardised features, a rotation, and the bias at which directions are on as often as wanted.

A direction that is on everywhere or nowhere has a flat loss, and descent leaves it there. So the bias begins where the
mean of y^γ over pixels and directions is ν = τ/I, what the inactive-classifier loss asks for (ours; the paper's start
is unknown to us).
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

_STEPS = 40


def moments(pixels: Float[Tensor, "pixels channels"]) -> tuple[Float[Tensor, " channels"], Float[Tensor, " channels"]]:
    """Mean and standard deviation of every channel; 1 in place of that of a constant channel.

    >>> moments(torch.tensor([[1.0, 5.0], [3.0, 5.0]]))
    (tensor([2., 5.]), tensor([1., 1.]))
    """
    variance, mean = torch.var_mean(pixels, 0, correction=0)
    lowest, highest = pixels.aminmax(dim=0)
    return torch.where(lowest == highest, lowest, mean), torch.where(lowest == highest, 1.0, variance.sqrt())


def random_rotation(channels: int, seed: int) -> Float[Tensor, "channels channels"]:
    """An orthogonal matrix, each as likely as any other (Mezzadri, "How to generate random matrices …", 2007)."""
    drawn = torch.randn(channels, channels, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    return orthonormal(drawn).float()


def orthonormal(matrix: Float[Tensor, "channels directions"]) -> Float[Tensor, "channels channels"]:
    """Orthonormal columns, the first of which span what the given ones span, in their order and with their signs.

    Columns that are orthonormal come first, as they are; more are added up to a whole rotation. In double precision.

    >>> print(orthonormal(torch.tensor([[0.0], [-2.0]]))[:, :1].T)
    tensor([[ 0., -1.]], dtype=torch.float64)
    """
    columns, triangle = torch.linalg.qr(matrix.double(), mode="complete")
    signs = torch.ones(len(columns), dtype=torch.double, device=matrix.device)
    diagonal = triangle.diagonal()
    signs[: len(diagonal)] = torch.where(diagonal < 0, -1.0, 1.0)
    rotation: Tensor = columns * signs
    return rotation + 0.0  # no −0


def bias_of_coverage(
    projections: Float[Tensor, "pixels directions"], margin: float, *, coverage: float, exponent: float
) -> float:
    """The bias b at which the mean of σ(projection / M − b)^γ is τ / I, by bisection.

    Args:
        projections: Rᵀ(x − μ)/s of some pixels.
        margin: M.
        coverage: τ.
        exponent: γ.
    """
    scores = projections / margin
    wanted = coverage / projections.shape[1]
    spread = 50.0  # σ(±50)^γ is 0 or 1 to many digits
    low, high = float(scores.min()) - spread, float(scores.max()) + spread
    for _ in range(_STEPS):
        middle = (low + high) / 2
        above = float(torch.sigmoid(scores - middle).pow(exponent).mean()) > wanted
        low, high = (middle, high) if above else (low, middle)
    return (low + high) / 2
