"""Which patch tokens are outliers: those whose norm stands out from that of all patches of the layer.

    n > max(median + 4 · 1.4826 · MAD, 3 · median)

Darcet et al., "Vision Transformers Need Registers" (ICLR 2024) take a number that fits one model (150 for DINOv2-g);
such numbers do not carry over to other models or resolutions. The rule here is our operationalisation. It is decided
once a layer, over the patches of all images together: of one image's few patches the spread says little, and an image
most of whose patches are large would hide them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from torch import Tensor

DEVIATIONS = 4 * 1.4826
"""Of the median absolute deviation; 1.4826 of it are the standard deviation where norms are normally distributed."""
MULTIPLE = 3.0
"""Of the median, that an outlier exceeds in any case: where nearly all norms are alike, a small bump is none."""


class Norms(NamedTuple):
    """How the norms of a layer's patches are spread.

    Attributes:
        median: Of all patches.
        high: The norm that 99.9 % of the patches do not exceed.
        largest: Of any patch.
        threshold: What is larger is an outlier.
    """

    median: float
    high: float
    largest: float
    threshold: float


def describe_norms(norms: Float[Tensor, "..."]) -> Norms:
    """Say how norms are spread, and from where on they are outliers.

    Args:
        norms: Of one layer's patches, of many images.

    Raises:
        ValueError: For no norms, or some that are NaN or infinite.

    >>> import torch
    >>> describe_norms(torch.tensor([1.0, 2.0, 3.0, 4.0, 100.0])).threshold
    9.0
    >>> describe_norms(torch.tensor([1.0, 5.0, 7.0, 9.0, 40.0])).threshold
    21.0
    """
    values = norms.detach().double().cpu().numpy().ravel()
    if not values.size or not np.isfinite(values).all():
        raise ValueError(f"wanted finite norms of one patch at least, got {values.size} of which some may be NaN or ∞")
    median, high = np.quantile(values, [0.5, 0.999])
    spread = np.median(np.abs(values - median))
    threshold = max(median + DEVIATIONS * spread, MULTIPLE * median)
    return Norms(float(median), float(high), float(values.max()), float(threshold))
