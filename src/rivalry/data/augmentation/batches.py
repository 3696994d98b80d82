"""Random crops and flips of training images, a whole batch at a time, on the device it is on.

An augmentation takes its random numbers as an argument, a row an image. ``torchvision`` draws from one global generator
and one crop for a whole batch, hence the few lines here.

- `CropAndFlip`: pad by four pixels, crop, mirror (He et al. 2016, arXiv:1512.03385, section 4.2), for CIFAR.
- `ResizedCropAndFlip`: a window of random area and proportion, resized, mirrored (Szegedy et al. 2015, arXiv:1409.4842,
  section 6), for ImageNet.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

Images = UInt8[Tensor, "batch 3 height width"]


class Augmentation(ABC):
    """A random change of a batch of images, each on its own.

    Attributes:
        draws: Random numbers it needs for an image.
    """

    draws: int

    @abstractmethod
    def __call__(self, images: Images, randomness: Float[Tensor, "batch draws"]) -> UInt8[Tensor, "batch 3 _ _"]:
        """Change images.

        Args:
            images: ``uint8`` (batch, 3, height, width).
            randomness: (batch, draws), even in [0, 1), on the CPU.
        """


@dataclass(frozen=True)
class CropAndFlip(Augmentation):
    """Pad with black, crop the old size anywhere, mirror every second image.

    Attributes:
        padding: Pixels added on every side.
    """

    padding: int = 4
    draws = 3

    def __call__(self, images: Images, randomness: Float[Tensor, "batch draws"]) -> Images:
        """Crop and mirror; the image keeps its size."""
        batch, channels, height, width = images.shape
        corner = (randomness[:, :2] * (2 * self.padding + 1)).long()
        rows = corner[:, :1] + torch.arange(height)
        columns = corner[:, 1:] + torch.arange(width)
        columns = torch.where(randomness[:, 2:] < 0.5, columns.flip(1), columns)
        # One gather from the flattened image: six times as fast as indexing, twenty as fast as image by image.
        pixels = rows[:, :, None] * (width + 2 * self.padding) + columns[:, None, :]
        pixels = pixels.view(batch, 1, height * width).expand(batch, channels, -1).to(images.device)
        padded = functional.pad(images, (self.padding,) * 4)
        return padded.flatten(2).gather(2, pixels).view_as(images)


@dataclass(frozen=True)
class ResizedCropAndFlip(Augmentation):
    """Cut out a window of random area and proportion, resize it to a square, mirror every second image.

    Attributes:
        size: Side of the square it becomes.
        smallest: Least share of the image's area that a window has, in (0, 1].
        proportion: Greatest ratio of a window's sides, at least 1.
    """

    size: int = 224
    smallest: float = 0.08
    proportion: float = 4 / 3
    draws = 5

    def __call__(self, images: Images, randomness: Float[Tensor, "batch draws"]) -> UInt8[Tensor, "batch 3 size size"]:
        """Cut out, resize (bilinear) and mirror."""
        height, width = images.shape[2:]
        area = (self.smallest + randomness[:, 0] * (1 - self.smallest)) * height * width
        stretch = torch.exp((2 * randomness[:, 1] - 1) * math.log(self.proportion))
        # Shares of the image's sides; a window that would be higher or wider than the image is as high or wide as it.
        high = ((area / stretch).sqrt() / height).clamp(max=1)
        wide = ((area * stretch).sqrt() / width).clamp(max=1)
        # grid_sample wants the window's middle and half sides, the image reaching from -1 to 1.
        middle_y = (2 * randomness[:, 2] - 1) * (1 - high)
        middle_x = (2 * randomness[:, 3] - 1) * (1 - wide)
        mirrored = torch.where(randomness[:, 4] < 0.5, -wide, wide)
        zero = torch.zeros_like(high)
        window = torch.stack((mirrored, zero, middle_x, zero, high, middle_y), dim=1).view(-1, 2, 3).to(images.device)
        places = functional.affine_grid(window, [len(images), 3, self.size, self.size], align_corners=False)
        cut = functional.grid_sample(images.float(), places, padding_mode="border", align_corners=False)
        return cut.round().to(torch.uint8)
