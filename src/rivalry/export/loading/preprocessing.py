"""How pictures become a network's inputs: a square is cut out, then every channel is centred and scaled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from rivalry.data.decoding import decode
from rivalry.data.square import Square


@dataclass(frozen=True)
class Preprocessing:
    """What a network was trained to expect.

    Attributes:
        square: What is cut out of a picture; one of just this size stays as it is.
        mean: Of each channel, in [0, 1].
        std: Standard deviation of each channel, likewise.
    """

    square: Square
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def picture(self, path: Path) -> UInt8[Tensor, "3 height width"]:
        """Decode a file and cut the square out of it, as the pictures of the training were decoded.

        Raises:
            UnreadableError: If there is no such file, or it cannot be decoded to its end.
        """
        return decode(path, square=self.square)

    def normalise(
        self, images: UInt8[Tensor, "batch 3 height width"] | Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch 3 height width"]:
        """Images of 0 to 255 as the network wants them, to the bit as in training."""
        mean, std = (torch.tensor(one, device=images.device).view(1, -1, 1, 1) * 255 for one in (self.mean, self.std))
        return (images.to(mean.dtype) - mean) / std
