"""Changes of one image at a time, in the processes that load: timm's transforms, and erasing.

torchvision's ``v2`` transforms need nothing of this: they take a ``uint8`` tensor as it is. All draw from the global
generators, which a `Recipe` seeds for every image.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import UInt8
from PIL import Image
from timm.data import auto_augment, transforms
from torch import Tensor

from rivalry.data.decoding import to_tensor
from rivalry.numerics.nearest import nearest

Picture = UInt8[Tensor, "3 height width"]


class Timm:
    """A transform of timm's, which works on Pillow's images.

    At a magnitude of 10 timm's RandAugment asks for a picture of 0 bits, which Pillow refuses: so here it ends just
    before, unless the arguments say where (``magnitude_max``).

    >>> crop = Timm("RandomCropOrPad", {"size": 24, "fill": 0})
    >>> crop(torch.zeros(3, 32, 32, dtype=torch.uint8)).shape
    torch.Size([3, 24, 24])

    Args:
        name: Of a class or function in ``timm.data.transforms`` or ``timm.data.auto_augment``.
        arguments: What it is called with.

    Raises:
        ValueError: If timm has no such transform, or cannot make it of these arguments.
    """

    def __init__(self, name: str, arguments: Mapping[str, Any] | None = None) -> None:
        known = {**vars(transforms), **vars(auto_augment)}
        if not callable(known.get(name)):
            offered = [key for key, value in known.items() if callable(value) and not key.startswith("_")]
            raise ValueError(f"timm has no transform {name!r}; nearest: {nearest(name, offered)}")
        self.name, self.arguments = name, dict(arguments or {})
        if name == "rand_augment_transform" and "mmax" not in str(self.arguments.get("config_str")):
            self.arguments["hparams"] = {"magnitude_max": 9.99, **(self.arguments.get("hparams") or {})}
        try:
            self.transform = known[name](**self.arguments)
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"timm's {name} cannot be made of {self.arguments}: {error!r}") from error

    def __call__(self, image: Picture) -> UInt8[Tensor, "3 _ _"]:
        """Change an image."""
        changed = self.transform(Image.fromarray(image.permute(1, 2, 0).numpy()))
        return changed if isinstance(changed, Tensor) else to_tensor(changed)

    def __repr__(self) -> str:
        return f"Timm({self.name!r}, {self.arguments})"


class Erase:
    """Erase a rectangle of random place, area and proportion, and put noise there.

    Random erasing (Zhong et al. 2020, arXiv:1708.04896) with a normal value for every pixel, as DeiT uses it: of
    ImageNet's mean and deviation, here kept within 0 and 255.

    Args:
        probability: That an image is changed at all.
        smallest: Least share of the image's area.
        greatest: Greatest share of the image's area.
        proportion: Greatest ratio of height and width, at least 1.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(
        self, probability: float = 0.25, smallest: float = 0.02, greatest: float = 1 / 3, proportion: float = 1 / 0.3
    ) -> None:
        if not (0 <= probability <= 1 and 0 < smallest <= greatest <= 1 <= proportion):
            raise ValueError(
                "wanted a probability in [0, 1], 0 < smallest ≤ greatest ≤ 1 and a proportion of at least 1; "
                f"given {probability=}, {smallest=}, {greatest=}, {proportion=}"
            )
        self.probability = probability
        self.smallest, self.greatest, self.proportion = smallest, greatest, proportion

    def __call__(self, image: Picture) -> Picture:
        """Erase a part of the image, or leave it."""
        if torch.rand(()) >= self.probability:
            return image
        height, width = image.shape[1:]
        for _ in range(10):  # a rectangle may be higher or wider than the image
            share, stretch, top, left = torch.rand(4).tolist()
            area = (self.smallest + share * (self.greatest - self.smallest)) * height * width
            ratio = math.exp((2 * stretch - 1) * math.log(self.proportion))
            high, wide = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < high < height and 0 < wide < width:
                top, left = int(top * (height - high + 1)), int(left * (width - wide + 1))
                noise = torch.randn(3, high, wide) * _DEVIATION + _MEAN
                erased = image.clone()
                erased[:, top : top + high, left : left + wide] = noise.round().clamp(0, 255).to(torch.uint8)
                return erased
        return image


_MEAN = 255 * torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
_DEVIATION = 255 * torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
