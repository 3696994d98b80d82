"""Squared distances between the points of images and centroids that are weighted means of them.

    ‖x_n − Σ_m w_m x_m‖² = G_nn − 2 (G w)_n + wᵀ G w          G = X Xᵀ

Either from the products of all pairs of points, which are made once (few points, many channels, many steps), or from
the points themselves; the numbers are the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

from jaxtyping import Bool, Float, Int
from torch import Tensor

_LIKELY_STEPS = 12


class Distances(ABC):
    """Squared distances within images.

    Attributes:
        points: Points an image.
    """

    points: int

    @abstractmethod
    def to_points(self, places: Int[Tensor, "batch chosen"]) -> Float[Tensor, "batch chosen points"]:
        """From some of the points to all."""

    @abstractmethod
    def to_means(
        self, weights: Float[Tensor, "batch restarts clusters points"]
    ) -> Float[Tensor, "batch restarts clusters points"]:
        """From weighted means of the points to all points."""

    @abstractmethod
    def of(self, chosen: Bool[Tensor, " batch"]) -> Distances:
        """Those of some of the images."""


@final
class PairDistances(Distances):
    """From the products of all pairs: a step takes clusters × points² multiplications, whatever the channels."""

    def __init__(self, products: Float[Tensor, "batch points points"]) -> None:
        self.points = products.shape[1]
        self._products = products
        self._squares = products.diagonal(dim1=1, dim2=2)

    def to_points(self, places: Int[Tensor, "batch chosen"]) -> Float[Tensor, "batch chosen points"]:
        """From some of the points to all."""
        rows = self._products.gather(1, places[:, :, None].expand(-1, -1, self.points))
        own = self._squares.gather(1, places)
        return (self._squares[:, None] - 2 * rows + own[:, :, None]).clamp_(min=0)

    def to_means(
        self, weights: Float[Tensor, "batch restarts clusters points"]
    ) -> Float[Tensor, "batch restarts clusters points"]:
        """From weighted means of the points to all points."""
        products = (weights.flatten(1, 2) @ self._products).view_as(weights)
        own = (products * weights).sum(3, keepdim=True)
        return (self._squares[:, None, None] - 2 * products).add_(own).clamp_(min=0)

    def of(self, chosen: Bool[Tensor, " batch"]) -> Distances:
        """Those of some of the images."""
        return PairDistances(self._products[chosen])


@final
class PointDistances(Distances):
    """From the points: a step takes 2 × clusters × points × channels multiplications."""

    def __init__(self, points: Float[Tensor, "batch points channels"]) -> None:
        self.points = points.shape[1]
        self._points = points
        self._squares = points.square().sum(2)

    def to_points(self, places: Int[Tensor, "batch chosen"]) -> Float[Tensor, "batch chosen points"]:
        """From some of the points to all."""
        return self._to(self._points.gather(1, places[:, :, None].expand(-1, -1, self._points.shape[2])))

    def to_means(
        self, weights: Float[Tensor, "batch restarts clusters points"]
    ) -> Float[Tensor, "batch restarts clusters points"]:
        """From weighted means of the points to all points."""
        return self._to(weights.flatten(1, 2) @ self._points).view_as(weights)

    def of(self, chosen: Bool[Tensor, " batch"]) -> Distances:
        """Those of some of the images."""
        return PointDistances(self._points[chosen])

    def _to(self, others: Tensor) -> Tensor:
        own = others.square().sum(2)[:, :, None]
        return (self._squares[:, None] - 2 * (others @ self._points.mT)).add_(own).clamp_(min=0)


def choose_distances(points: Float[Tensor, "batch points channels"], clusters: int, draws: int) -> Distances:
    """The cheaper of the two, by the multiplications that are to be expected.

    Args:
        points: With their mean at 0, so that products keep their digits.
        clusters: Centroids of each restart.
        draws: Points that seeding will look at in all restarts.
    """
    count, channels = points.shape[1:]
    means = _LIKELY_STEPS * draws  # a few draws a centroid: so restarts and clusters count
    by_pairs = count * channels + means * count
    by_points = (draws + 2 * means) * channels
    return PairDistances(points @ points.mT) if by_pairs < by_points else PointDistances(points)
