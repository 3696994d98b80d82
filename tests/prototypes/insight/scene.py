"""Pictures, a network that is easily seen through, and prototypes of its classes."""

from __future__ import annotations

import torch
from torch import Tensor

from rivalry.data.dataset import ImageDataset, Sample
from rivalry.prototypes.insight import Known, Made
from rivalry.recording.layer_maps import Maps

CLASSES = ("night", "dawn", "noon")
LAYER = "eye"
SIZE = 32


class Skies(ImageDataset):
    """Skies of one brightness each, by class, with a little noise: 60, 120 and 180."""

    classes = CLASSES

    def __init__(self, length: int = 24) -> None:
        generator = torch.Generator().manual_seed(0)
        noise = torch.randint(-9, 10, (length, 3, SIZE, SIZE), generator=generator)
        tone = 60 * (1 + torch.arange(length) % 3)
        self._images = (tone[:, None, None, None] + noise).to(torch.uint8)

    @property
    def fingerprint(self) -> str:
        return f"skies {len(self)}"

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> Sample:
        return Sample(image=self._images[index], label=index % 3, index=index)


def show(images: Tensor) -> tuple[Maps, Tensor]:
    """Brightness in quarters of the picture; noon where any is very bright, else what the mean brightness says."""
    quarters = torch.nn.functional.avg_pool2d(images.float().mean(1, keepdim=True), SIZE // 2)
    mean = quarters.mean((1, 2, 3))
    logits = -((mean[:, None] - torch.tensor([60.0, 120.0, 180.0])) / 20).square()
    logits[:, 2] += 1000 * (quarters.amax((1, 2, 3)) > 200)
    maps = torch.cat((quarters, 255 - quarters), 1)
    return {LAYER: maps}, logits


def known(dataset: ImageDataset | None = None) -> Known:
    pictures = dataset or Skies()
    own = {f"class:{name}": tuple(range(place, len(pictures), 3)) for place, name in enumerate(CLASSES)}
    return Known(pictures, torch.device("cpu"), show, own | {"unit:eye:0": ()}, CLASSES)


def made(copies: int = 1) -> Made:
    """Of night a dark image, of dawn a grey one, of noon one with a bright quarter, which drew the gradient."""
    images = torch.tensor([0.2, 0.5, 0.5])[:, None, None, None].repeat(1, 3, SIZE, SIZE)
    images[2, :, :16, 16:] = 1.0
    alpha = torch.zeros(3, SIZE, SIZE)
    alpha[:, 2:14, 18:30] = 1.0
    classes = [class_ for class_ in range(3) for _ in range(copies)]
    names = tuple(f"class:{CLASSES[class_]}" for class_ in classes)
    each = tuple(range(copies)) * 3
    return Made(names, tuple(classes), each, images[classes], alpha[classes])
