"""Which concepts a picture shows at all, by its masks."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def presence(masks: Int[Tensor, "batch categories height width"], concepts: int) -> Bool[Tensor, "batch concepts"]:
    """Which concepts each picture shows, in any pixel.

    Raises:
        ValueError: Where a mask holds what is no concept; on the CPU, as elsewhere to look would be to wait.

    >>> presence(torch.tensor([[[[0, 2], [2, 2]]]]), concepts=3)
    tensor([[False,  True, False]])
    """
    if masks.device.type == "cpu" and masks.numel():
        lowest, highest = (int(end) for end in masks.aminmax())
        if lowest < 0 or highest > concepts:
            raise ValueError(
                f"masks hold {lowest} to {highest}; wanted 0 for nothing, and 1 to {concepts} for concepts"
            )
    shown = torch.zeros(len(masks), concepts + 1, dtype=torch.bool, device=masks.device)
    return shown.scatter_(1, masks.flatten(1).long(), True)[:, 1:]
