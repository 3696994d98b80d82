"""Pictures of noise with masks of several categories, and small networks with every kind of layer that has places."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from rivalry.data.dataset import CATEGORIES, Concept, ImageDataset, Sample
from rivalry.lwta.layer import LWTA

CONCEPTS = (Concept("sky", "object"), Concept("road", "object"), Concept("wheel", "part"), Concept("night", "scene"))
HEIGHT, WIDTH = 16, 24


class Scenes(ImageDataset):
    """Sky above road with something between; a wheel in two pictures of three; every second picture is at night.

    Args:
        length: Pictures.
        share: Size of the masks as a share of the pictures'.
        wheels: Pictures that have a wheel; two of three by default.
        masks: Whether there are masks.
    """

    classes = ("scene",)

    def __init__(
        self, length: int = 9, *, share: float = 1.0, wheels: frozenset[int] | None = None, masks: bool = True
    ) -> None:
        generator = torch.Generator().manual_seed(0)
        self.images = torch.randint(0, 120, (length, 3, HEIGHT, WIDTH), generator=generator, dtype=torch.uint8)
        self.with_masks = masks
        self.concepts = CONCEPTS if masks else ()
        high, wide = round(HEIGHT * share), round(WIDTH * share)
        rows = torch.arange(high)[:, None].expand(high, wide)
        self.masks = torch.zeros(length, len(CATEGORIES), high, wide, dtype=torch.int16)
        for index in range(length):
            middle = high * (3 + index % 3) // 8
            self.masks[index, 1] = (rows < middle).short() + 2 * (rows >= middle + index % 2).short()
            if index % 3 if wheels is None else index in wheels:
                self.masks[index, 2, -high // 4 :, wide // 3 : wide // 2] = 3
            self.masks[index, 0] = 4 * (index % 2)
            brighter = torch.nn.functional.interpolate(self.masks[index, 1:2][None].float(), (HEIGHT, WIDTH))[0, 0]
            self.images[index, 0][brighter == 1] += 100

    @property
    def fingerprint(self) -> str:
        return f"scenes {len(self)} {tuple(self.masks.shape)} {int(self.masks.sum())}"

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        sample = Sample(image=self.images[index], label=0, index=index)
        if self.with_masks:
            sample["masks"] = self.masks[index]
        return sample


def loader(dataset: ImageDataset, batch_size: int = 4) -> DataLoader[Sample]:
    return DataLoader(dataset, batch_size=batch_size)


class Depths(nn.Module):
    """A ReLU and a competing layer of maps, and tokens behind a class token; patches and maps of 4 px."""

    num_prefix_tokens = 1

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.maps = nn.Sequential(nn.Conv2d(3, 6, 4, 4), nn.ReLU())
        self.rivals = nn.Sequential(nn.Conv2d(6, 8, 3, padding=1), LWTA(2, dim=1))
        self.tokens = nn.Linear(8, 5)
        self.keen = LWTA(5, dim=-1)
        self.head = nn.Linear(5, 1)

    def forward(self, images: Tensor) -> Tensor:
        patches = self.rivals(self.maps(images)).flatten(2).mT
        tokens = self.keen(self.tokens(torch.cat([patches.mean(1, keepdim=True), patches], 1)))
        return self.head(tokens[:, 0])


class Red(nn.Module):
    """A layer of one unit that is a picture's red, pixel by pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.red = nn.Conv2d(3, 1, 1, bias=False)
        nn.init.zeros_(self.red.weight)
        with torch.no_grad():
            self.red.weight[0, 0] = 1.0

    def forward(self, images: Tensor) -> Tensor:
        return self.red(images).mean((2, 3))
