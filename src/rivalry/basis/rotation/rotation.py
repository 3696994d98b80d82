"""What a fit finds: a rotation of standardised features, with one margin and one bias for all directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.recording.directions import Directions


@dataclass(frozen=True)
class Rotation:
    """Orthonormal directions of a layer's standardised features: z = (Rᵀ(x − μ)/s)/M − b, y = σ(z).

    Attributes:
        mean: μ of every channel.
        scale: s, the standard deviation of every channel; 1 of one that is constant.
        matrix: R; its columns are orthonormal, |RᵀR − I| ≤ 1e-5.
        margin: M, above 0.
        bias: b.
        losses: Of all pixels at the end, by the names of :data:`rivalry.basis.rotation.losses.NAMES`, and ``total``.
        history: The same of every epoch, means over its batches, and ``rate``.
        epochs: Passes that were made.
        converged: Whether the loss had ceased to fall before the last epoch that was allowed.
    """

    mean: Float[Tensor, " channels"]
    scale: Float[Tensor, " channels"]
    matrix: Float[Tensor, "channels directions"]
    margin: float
    bias: float
    losses: Mapping[str, float] = field(default_factory=dict)
    history: tuple[Mapping[str, float], ...] = ()
    epochs: int = 0
    converged: bool = False

    def directions(self) -> Directions:
        """The same as directions of the layer's own channels: z = x @ weights − bias."""
        weights = self.matrix.double() / self.scale.double()[:, None] / self.margin
        bias = self.mean.double() @ weights + self.bias
        return Directions(weights.float(), bias.float())

    def to(self, device: torch.device) -> Rotation:
        """The same on a device."""
        moved = {name: getattr(self, name).to(device) for name in ("mean", "scale", "matrix")}
        return replace(self, **moved)
