"""From a file to a picture, and from pictures to what a network takes, as in the training."""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from rivalry.data.decoding import UnreadableError, decode
from rivalry.data.square import Square
from rivalry.export.folder import Images


def read_picture(path: Path, images: Images) -> UInt8[Tensor, "3 height width"]:
    """Decode a file; of a network that takes squares, cut out what it takes.

    Raises:
        UnreadableError: If there is no such file, it cannot be decoded to its end, or the network takes no squares and
            the picture is of another size.
    """
    if images.height == images.width:
        return decode(path, square=Square(images.height, images.crop, images.interpolation))
    picture = decode(path)
    if picture.shape[1:] != (images.height, images.width):
        height, width = picture.shape[1:]
        raise UnreadableError(
            f"{path} is {height} × {width} pixels (height, width), and this network takes {images.height} × "
            f"{images.width}; what to cut out is known of squares alone"
        )
    return picture


def normalise(
    pictures: UInt8[Tensor, "batch 3 height width"] | Float[Tensor, "batch 3 height width"], images: Images
) -> Float[Tensor, "batch 3 height width"]:
    """Pictures of 0 to 255 as the network wants them, to the bit as in training."""
    mean, std = (torch.tensor(one, device=pictures.device).view(1, -1, 1, 1) * 255 for one in (images.mean, images.std))
    return (pictures.to(mean.dtype) - mean) / std
