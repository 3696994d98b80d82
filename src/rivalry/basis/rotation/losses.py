"""The four losses of a basis, in bits, from logarithms of its activations (Doumanoglou et al. 2023).

Direction i answers to pixel p with y_pi = σ(z_pi); its share of the pixel is q_pi = y_pi / Σ_j y_pj. Means are over
pixels p, sums over directions i, logarithms of base 2:

==================== ======================================================= =============================
sparsity             mean of −Σ q log q                                       few directions share a pixel
maximum activation   mean of −Σ q log y                                       those that do are fully on
maximum margin       1 / M                                                    σ is not merely made steep
inactive classifier  mean over i of ReLU(ν − mean over p of y^γ) / ν, ν = τ/I every direction is on somewhere
==================== ======================================================= =============================

As log y = log q + log Σ y, maximum activation = sparsity − mean of log₂ Σ_i y_pi: a test holds this identity.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

NAMES = ("sparsity", "activation", "margin", "inactivity")
"""Short names of the four, in the order of the paper."""


def losses(
    scores: Float[Tensor, "pixels directions"], margin: Float[Tensor, ""], *, coverage: float, exponent: float
) -> Float[Tensor, "4"]:
    """Sparsity, maximum activation, maximum margin and inactive classifier of some pixels.

    Args:
        scores: z of every pixel and direction.
        margin: M, above 0.
        coverage: τ, in (0, 1]: share of the pixels that all directions together are on at, at least.
        exponent: γ, 1 or more.

    >>> print(losses(torch.zeros(3, 2), torch.tensor(2.0), coverage=0.5, exponent=1.0))
    tensor([1.0000, 1.0000, 0.5000, 0.0000])
    """
    log_activations = -functional.softplus(-scores)  # log σ(z), twice as fast as logsigmoid
    log_shares = log_activations - log_activations.logsumexp(1, keepdim=True)
    shares = log_shares.exp()
    return torch.stack(
        [
            sparsity(shares, log_shares),
            maximum_activation(shares, log_activations),
            1 / margin,
            inactive_classifier(log_activations, coverage=coverage, exponent=exponent),
        ]
    )


def sparsity(
    shares: Float[Tensor, "pixels directions"], log_shares: Float[Tensor, "pixels directions"]
) -> Float[Tensor, ""]:
    """Mean entropy of the shares in bits: 0 where one direction has a pixel alone, log₂ of their number at most.

    >>> sparsity(torch.tensor([[0.5, 0.5]]), torch.tensor([[0.5, 0.5]]).log())
    tensor(1.)
    """
    return -(shares * log_shares).sum(1).mean() / math.log(2)


def maximum_activation(
    shares: Float[Tensor, "pixels directions"], log_activations: Float[Tensor, "pixels directions"]
) -> Float[Tensor, ""]:
    """Mean of −log₂ y over the shares: 0 where whatever has a share of a pixel is fully on.

    >>> maximum_activation(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.25, 0.5]]).log())
    tensor(2.)
    """
    return -(shares * log_activations).sum(1).mean() / math.log(2)


def inactive_classifier(
    log_activations: Float[Tensor, "pixels directions"], *, coverage: float, exponent: float
) -> Float[Tensor, ""]:
    """By which share of ν = τ/I the directions' mean activations y^γ fall short of it, on average; from 0 to 1.

    >>> inactive_classifier(torch.tensor([[1.0, 0.125]]).log(), coverage=0.5, exponent=1.0)
    tensor(0.2500)
    """
    least = coverage / log_activations.shape[1]
    reached = (exponent * log_activations).exp().mean(0)
    return (1 - reached / least).relu().mean()
