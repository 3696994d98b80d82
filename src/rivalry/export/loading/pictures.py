"""From a file to a picture, and from pictures to what a network takes, as in the training."""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from rivalry.data.decoding import decode
from rivalry.export.folder import Images


def read_picture(path: Path, images: Images) -> UInt8[Tensor, "3 height width"]:
    """Decode a file and cut out what the network takes.

    Raises:
        UnreadableError: If there is no such file, or it cannot be decoded to its end.
    """
    return decode(path, square=images.square)


def normalise(
    pictures: UInt8[Tensor, "batch 3 height width"] | Float[Tensor, "batch 3 height width"], images: Images
) -> Float[Tensor, "batch 3 height width"]:
    """Pictures of 0 to 255 as the network wants them, to the bit as in training."""
    mean, std = (torch.tensor(one, device=pictures.device).view(1, -1, 1, 1) * 255 for one in (images.mean, images.std))
    return (pictures.to(mean.dtype) - mean) / std
