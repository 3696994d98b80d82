"""What an optimisation gives."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Optimised:
    """The images of an optimisation, and how it went; all on the device of the network, images in the order of targets.

    Attributes:
        images: 0 to 1.
        alpha: Where the merit comes from, which is the value or on natural ground its gain less the distance: Σ over
            steps of |∂merit/∂x|, summed over channels (Fel et al. 2023, MACO).
        values: Of the images as they are, without views.
        history: The value of the views that were shown at each step; NaN behind an image's last step.
        steps: That were done of each.
        rates: Of learning; of an image that started again the lower one.
        restarts: 1 of an image that once was not finite, else 0.
        stopped: Whether it was done before the last step, for there was no gain any more.
    """

    images: Float[Tensor, "images channels height width"]
    alpha: Float[Tensor, "images height width"]
    values: Float[Tensor, " images"]
    history: Float[Tensor, "images steps"]
    steps: Int[Tensor, " images"]
    rates: Float[Tensor, " images"]
    restarts: Int[Tensor, " images"]
    stopped: Bool[Tensor, " images"]
