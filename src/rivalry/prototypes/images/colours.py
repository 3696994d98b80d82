"""Colours as coordinates that are independent in the pictures a network sees, and back.

    x = sigmoid(logit m + R z / (m (1 − m)))        Σ = R Rᵀ, the columns of R being the axes of the colours

z has mean 0 and unit covariance over the pictures as far as the sigmoid is a line, and it is one near the mean colour
m: there dx = R dz. So a step in z is a step along colours as common as they are, and no image leaves [0, 1]. After Olah
et al. 2017 ("decorrelated space"), with the user's own covariance; the tangent at the mean is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.prototypes.images.statistics import Statistics

_LEAST = 1 / 512
"""How near to 0 and 1 a colour comes: half a step of 8 bits."""


@dataclass(frozen=True, eq=False)
class Colours:
    """Between images and the coordinates of their colours.

    Attributes:
        mean: The colour of z = 0, strictly between 0 and 1.
        axes: R, a column an axis, the most common first.
        inverse: Its pseudo-inverse: pictures of one hue have fewer axes than channels.
    """

    mean: Float[Tensor, " channels"]
    axes: Float[Tensor, "channels channels"]
    inverse: Float[Tensor, "channels channels"]

    @classmethod
    def of(cls, statistics: Statistics, device: torch.device) -> Colours:
        """The colours of pictures with these statistics; ``float32``."""
        mean = statistics.mean.clamp(_LEAST, 1 - _LEAST)
        axes = principal_axes(statistics.covariance)
        return cls(*(part.float().to(device) for part in (mean, axes, torch.linalg.pinv(axes, rtol=1e-6))))

    def images(
        self, coordinates: Float[Tensor, "count channels height width"]
    ) -> Float[Tensor, "count channels height width"]:
        """Images in [0, 1] of coordinates."""
        return torch.sigmoid(_turned(self.axes, coordinates) / self._slope + self._mean.logit())

    def coordinates(
        self, images: Float[Tensor, "count channels height width"]
    ) -> Float[Tensor, "count channels height width"]:
        """Coordinates of images, of which those colours are taken that are nearest on the axes."""
        shifts = images.clamp(_LEAST, 1 - _LEAST).logit() - self._mean.logit()
        return _turned(self.inverse, shifts * self._slope)

    @property
    def _mean(self) -> Tensor:
        return self.mean[:, None, None]

    @property
    def _slope(self) -> Tensor:
        return self._mean * (1 - self._mean)


def principal_axes(covariance: Float[Tensor, "channels channels"]) -> Float[Tensor, "channels channels"]:
    """R with R Rᵀ = Σ: eigenvectors times deviations, the largest first; the largest entry of each is positive.

    >>> principal_axes(torch.tensor([[1.0, 0.0], [0.0, 4.0]]))
    tensor([[0., 1.],
            [2., 0.]])
    """
    values, vectors = torch.linalg.eigh(covariance)
    axes = (vectors * values.clamp(min=0).sqrt()).flip(1)
    largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))
    return torch.where(largest < 0, -axes, axes)


def _turned(
    matrix: Float[Tensor, "channels channels"], images: Float[Tensor, "count channels height width"]
) -> Float[Tensor, "count channels height width"]:
    return torch.einsum("ij, njhw -> nihw", matrix, images)
