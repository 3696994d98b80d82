"""What an image pays beside its value.

    high frequency    mean |Δ_h x| + mean |Δ_w x|           (Prototype Generation, Tagade & Rumbelow 2023)
    total variation   mean (Δ_h x)² + mean (Δ_w x)²         (Mahendran & Vedaldi 2015, arXiv:1412.0035, β = 2)
    L2                mean (x − m)²                         m the mean colour of pictures
    diversity         mean cosine with the other images of the same target, both from m

Means are over channels and pixels, so that a weight means the same for every size. The paper's weights are not public.
"""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Penalties:
    """Weights of what an image pays; a weight of 0 costs no time.

    Attributes:
        high_frequency: Of absolute differences between neighbours.
        total_variation: Of squared differences between neighbours.
        l2: Of the squared distance from the mean colour.
        diversity: Of the likeness to other images of the same target.

    Raises:
        ValueError: If a weight is negative.
    """

    high_frequency: float = 0.0
    total_variation: float = 0.0
    l2: float = 0.0
    diversity: float = 0.0

    def __post_init__(self) -> None:
        negative = [f"{name} {weight}" for name, weight in vars(self).items() if weight < 0]
        if negative:
            raise ValueError(f"weights of penalties are 0 or more, got {', '.join(negative)}")

    def __call__(
        self,
        images: Float[Tensor, "batch channels height width"],
        target: Int[Tensor, " batch"],
        mean: Float[Tensor, " channels"],
    ) -> Float[Tensor, " batch"]:
        """What each image pays in all; its gradient reaches this image alone.

        Args:
            images: In [0, 1].
            target: A number for what each image is for.
            mean: Colour of the pictures.
        """
        paid = images.new_zeros(len(images))
        if self.high_frequency:
            paid = paid + self.high_frequency * high_frequency(images)
        if self.total_variation:
            paid = paid + self.total_variation * total_variation(images)
        if self.l2:
            paid = paid + self.l2 * l2(images, mean)
        if self.diversity:
            paid = paid + self.diversity * diversity(images, target, mean)
        return paid


def high_frequency(images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, " batch"]:
    """Mean absolute difference between neighbours, down plus across; 0 for a plain image.

    >>> import torch
    >>> high_frequency(torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]]))
    tensor([1.])
    """
    return images.diff(dim=2).abs().mean((1, 2, 3)) + images.diff(dim=3).abs().mean((1, 2, 3))


def total_variation(images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, " batch"]:
    """Mean squared difference between neighbours, down plus across; many small steps cost less than a large one."""
    return images.diff(dim=2).square().mean((1, 2, 3)) + images.diff(dim=3).square().mean((1, 2, 3))


def l2(
    images: Float[Tensor, "batch channels height width"], mean: Float[Tensor, " channels"]
) -> Float[Tensor, " batch"]:
    """Mean squared distance from a colour."""
    return (images - mean.to(images)[:, None, None]).square().mean((1, 2, 3))


def diversity(
    images: Float[Tensor, "batch channels height width"],
    target: Int[Tensor, " batch"],
    mean: Float[Tensor, " channels"],
) -> Float[Tensor, " batch"]:
    """Mean cosine with the other images of the same target, from −1 to 1; 0 for an image that is alone.

    The others count as given: the gradient of what an image pays reaches this image alone.
    """
    centred = functional.normalize((images - mean.to(images)[:, None, None]).flatten(1), dim=1)
    fellows = (target[:, None] == target).to(images).fill_diagonal_(0)
    cosines = centred @ centred.detach().T
    return (cosines * fellows).sum(1) / fellows.sum(1).clamp(min=1)
