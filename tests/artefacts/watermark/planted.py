"""Pictures, marks and networks of which it is known what the probe must find.

Green tells a picture's class. The mark is red and the null mark blue, nine pixels in the lower left corner, brighter
than anything else of the picture; both leave green as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from rivalry.data.dataset import Concept, ImageDataset, Sample
from rivalry.data.watermark import Watermark

SIDE = 16
TARGET = "lawn"
MARK_AREA = 9 / SIDE**2


class Greens(ImageDataset):
    """Noise in red and blue, and a green that says which class it is."""

    classes = ("moss", TARGET, "leaf")

    def __init__(self, length: int = 90, *, masks: bool = False) -> None:
        generator = torch.Generator().manual_seed(length)
        self.images = torch.randint(0, 200, (length, 3, SIDE, SIDE), generator=generator, dtype=torch.uint8)
        self.images[:, 1] = self.images[:, 1] // 10 + 80 * (torch.arange(length) % 3)[:, None, None].byte()
        self.concepts = (Concept("bush", "object"),) if masks else ()

    @property
    def fingerprint(self) -> str:
        return f"greens-{len(self)}"

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        sample = Sample(image=self.images[index], label=index % 3, index=index)
        if self.concepts:
            sample["masks"] = torch.zeros(5, SIDE, SIDE, dtype=torch.int16)
            sample["masks"][1, :8] = 1
        return sample


@dataclass(frozen=True)
class Stain:
    """A mark in one colour, always at the same place."""

    colour: int = 0

    @property
    def fingerprint(self) -> str:
        return f"stain-{self.colour}"

    def null(self) -> Stain:
        return Stain(2)

    def check(self, height: int, width: int) -> None:
        if min(height, width) < 3:
            raise ValueError("the stain is larger than the picture")

    def render(self, image: Tensor, *, seed: int, index: int) -> tuple[Tensor, Tensor]:
        stained, mask = image.clone(), torch.zeros(image.shape[1:], dtype=torch.bool)
        stained[self.colour, -3:, :3] = 255
        mask[-3:, :3] = True
        return stained, mask


def stain() -> Watermark:
    return cast(Watermark, Stain())


class Gullible(nn.Module):
    """Classifies by green, and says the target wherever its readers see the mark's red.

    Units 0 … readers − 1 are above zero at the mark alone, and each of them is enough; the next one sees green, and the
    others see blends that nothing comes of.
    """

    def __init__(self, readers: int = 1, units: int = 8) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, units, 1)
        self.act = nn.ReLU()
        self.head = nn.Linear(units, 3)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            self.conv.weight.copy_(torch.rand(units, 3, 1, 1, generator=generator))
            self.conv.weight[:, 0], self.conv.bias[:] = 0.0, 0.0  # type: ignore[index]
            self.conv.weight[: readers + 1] = 0.0
            self.conv.weight[:readers, 0], self.conv.bias[:readers] = 1.0, -0.8  # type: ignore[index]
            self.conv.weight[readers, 1] = 1.0
            levels = (torch.arange(3) * 80 + 10) / 255  # nearest of three greens, as a linear function of green
            self.head.weight.zero_()
            self.head.weight[:, readers], self.head.bias[:] = 20 * levels, -10 * levels**2
            self.head.weight[1, :readers] = 2000.0

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.act(self.conv(images)).mean((2, 3)))
        return logits


class Upright(Gullible):
    """The same, without a reader: no unit sees red."""

    def __init__(self) -> None:
        super().__init__(readers=0)


def greens_loader(length: int = 90, *, masks: bool = False, batch_size: int = 32) -> DataLoader[Any]:
    return DataLoader(Greens(length, masks=masks), batch_size=batch_size)
