"""Pictures of grey fields, and networks whose units mix the tones; a rotation of the units finds each tone again."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from rivalry.data.dataset import CATEGORIES, Concept, ImageDataset, Sample
from rivalry.lwta.layer import LWTA

TONES = 8
SCENES = ("lit", "dim")
CONCEPTS = (*(Concept(f"tone {tone}", "colour") for tone in range(TONES)), *(Concept(name, "scene") for name in SCENES))


class Fields(ImageDataset):
    """4 × 4 fields of 8 × 12 pixels, each of one of eight tones; every third picture is called lit, the others dim.

    Args:
        length: Number of pictures.
        masks: Whether samples carry masks.
        rare: Call the first picture alone lit.
        mask_size: Height and width of the masks; that of the pictures by default.
    """

    classes = ("one", "other")

    def __init__(
        self, length: int = 40, *, masks: bool = True, rare: bool = False, mask_size: tuple[int, int] | None = None
    ) -> None:
        self.length, self.rare, self.mask_size = length, rare, mask_size or (32, 48)
        self.with_masks = masks
        self.concepts = CONCEPTS if masks else ()

    @property
    def fingerprint(self) -> str:
        return f"fields {self.length} {self.rare}"

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < self.length:
            raise IndexError(index)
        generator = torch.Generator().manual_seed(index)
        tones = torch.randint(TONES, (4, 4), generator=generator)
        small = 30 * tones + 4 * torch.rand(3, 4, 4, generator=generator)
        sample = Sample(image=_large(small, (32, 48)).to(torch.uint8), label=int(index % 2), index=index)
        if self.with_masks:
            lit = index == 0 if self.rare else index % 3 == 0
            masks = torch.zeros(len(CATEGORIES), 4, 4)
            masks[CATEGORIES.index("colour")] = tones + 1
            masks[CATEGORIES.index("scene")] = TONES + (1 if lit else 2)
            sample["masks"] = _large(masks, self.mask_size).to(torch.int16)
        return sample


class Mixing(nn.Module):
    """A rotation of what tells the tones of a field, a classifier of its mean over places, and a layer heard only."""

    def __init__(self, *, compete: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.pool = nn.AvgPool2d((8, 12))
        self.mix = nn.Conv2d(TONES, TONES, 1, bias=False)
        nn.init.orthogonal_(self.mix.weight)
        self.act = LWTA(2, dim=1) if compete else nn.ReLU()
        self.head = nn.Linear(TONES, 2)

    def forward(self, images: Tensor) -> Tensor:
        tones = 255 / 30 * self.pool(images).mean(1, keepdim=True)
        bumps = torch.exp(-4 * (tones - torch.arange(TONES)[:, None, None]).square())
        mixed = self.mix(bumps)
        self.act(mixed)
        logits: Tensor = self.head(mixed.mean((2, 3)))
        return logits


def fields_loader(length: int = 40, *, batch_size: int = 16, **options: bool) -> DataLoader[Sample]:
    return DataLoader(Fields(length, **options), batch_size=batch_size)


def _large(planes: Tensor, size: tuple[int, int]) -> Tensor:
    return nn.functional.interpolate(planes[None].float(), size, mode="nearest")[0]
