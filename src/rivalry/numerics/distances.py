"""Squared distances between the points of images and centroids that are weighted means of them.

    ‖x_n − Σ_m w_m x_m‖² = G_nn − 2 (G w)_n + wᵀ G w          G = X Xᵀ

Either from the products of all pairs of points, which are made once (few points, many channels, many steps), or from
the points themselves; the numbers are the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

_LIKELY_STEPS = 12

_NUMBERS_AT_ONCE = 2**21
"""Of points whose products are made together: as many as stay in a cache."""


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
    """The cheaper of the two.

    Args:
        points: Their mean is taken off first, so that products keep their digits.
        clusters: Centroids of each restart.
        draws: Points that seeding will look at in all restarts.
    """
    _, count, channels = points.shape
    if pairs_are_cheaper(count, channels, clusters, draws):
        return PairDistances(_products(points))
    return PointDistances(points - points.mean(1, keepdim=True))


def pairs_are_cheaper(count: int, channels: int, clusters: int, draws: int) -> bool:
    """Whether the products of all pairs of points are worth making, by the multiplications to be expected."""
    means = _LIKELY_STEPS * draws  # a few draws a centroid: so restarts and clusters count
    by_pairs = count * channels + means * count
    return by_pairs < (draws + 2 * means) * channels


def _products(points: Float[Tensor, "batch points channels"]) -> Float[Tensor, "batch points points"]:
    """Products of all pairs of an image's points about their mean, made for a few images at a time."""
    products = points.new_empty(len(points), points.shape[1], points.shape[1])
    together = max(1, _NUMBERS_AT_ONCE // points[0].numel()) if len(points) else 1
    for part, result in zip(torch.split(points, together), torch.split(products, together), strict=True):
        even = part.new_full((len(part), 1, part.shape[1]), 1 / part.shape[1])
        centred = part - even @ part  # twice as fast as mean(1)
        torch.bmm(centred, centred.mT, out=result)
    return products
