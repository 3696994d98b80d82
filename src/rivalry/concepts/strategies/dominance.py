"""Which concept decides a picture, how often a concept does, and how often rightly.

Of the importance vectors φ of the pictures that were taken for a class (Fel et al. 2023, section on strategies)::

    dominant(x)    = argmax_i φ_i(x)
    prevalence_i   = P(dominant = i)
    reliability_i  = P(the picture is of the class | dominant = i)

Where the rest of the network is linear, the mean importance is a product that the paper reads by the same words::

    E[φ_i] = γ_i E[ū_i] = linear reliability × linear prevalence
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def dominant_concept(importance: Float[Tensor, "images concepts"]) -> Int[Tensor, " images"]:
    """The most important concept of each image, the first of several that are as important.

    >>> dominant_concept(torch.tensor([[0.2, 0.9], [1.0, -3.0]]))
    tensor([1, 0])
    """
    return importance.argmax(1)


def prevalence(importance: Float[Tensor, "images concepts"]) -> Float[Tensor, " concepts"]:
    """Share of the images whose dominant concept it is, in [0, 1]; all shares sum to 1.

    >>> prevalence(torch.tensor([[0.2, 0.9], [1.0, -3.0], [0.0, 1.0], [0.0, 1.0]]))
    tensor([0.2500, 0.7500])
    """
    return _counts(importance).double().div(len(importance)).to(importance.dtype)


def reliability(
    importance: Float[Tensor, "images concepts"], correct: Bool[Tensor, " images"]
) -> Float[Tensor, " concepts"]:
    """Accuracy of the images whose dominant concept it is, in [0, 1]; NaN where it dominates none.

    Args:
        importance: φ of images that were taken for the class.
        correct: Whether an image is of the class.

    >>> reliability(torch.tensor([[0.2, 0.9], [0.1, 0.9]]), torch.tensor([True, False]))
    tensor([   nan, 0.5000])
    """
    right = torch.bincount(dominant_concept(importance)[correct], minlength=importance.shape[1])
    return right.double().div(_counts(importance)).to(importance.dtype)


def linear_prevalence(codes: Float[Tensor, "images places concepts"]) -> Float[Tensor, " concepts"]:
    """E[ū_i], the mean code over images and places: the prevalence of the linear case, in units of the codes."""
    return codes.double().mean((0, 1)).to(codes.dtype)


def linear_reliability(
    concepts: Float[Tensor, "concepts channels"], class_weights: Float[Tensor, " channels"]
) -> Float[Tensor, " concepts"]:
    """γ_i = v_i · w_c, what a unit of the code adds to the logit: the reliability of the linear case."""
    return (concepts.double() @ class_weights.double()).to(concepts.dtype)


def _counts(importance: Float[Tensor, "images concepts"]) -> Int[Tensor, " concepts"]:
    """How many images each concept dominates."""
    return torch.bincount(dominant_concept(importance), minlength=importance.shape[1])
