"""Pictures of coloured squares, and networks whose units mix the colours; a rotation of them finds each again."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from rivalry.data.dataset import CATEGORIES, Concept, ImageDataset, Sample
from rivalry.lwta.layer import LWTA

CONCEPTS = (Concept("red", "colour"), Concept("green", "colour"), Concept("blue", "colour"), Concept("lit", "scene"))


class Squares(ImageDataset):
    """4 × 4 fields of 8 × 12 pixels, a fifth of them red, green or blue each, the others black.

    Every third picture is a scene that is lit: its blue is brighter.

    Args:
        length: Number of pictures.
        masks: Whether samples carry masks.
        rare: Show ``lit`` in the first picture alone.
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
        return f"squares {self.length} {self.rare}"

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < self.length:
            raise IndexError(index)
        generator = torch.Generator().manual_seed(index)
        squares = (torch.rand(4, 4, generator=generator) * 5).long().clamp(max=3)  # 3 is black, two fifths
        lit = index == 0 if self.rare else index % 3 == 0
        colours = torch.cat([220 * torch.eye(3), torch.zeros(1, 3)])
        colours[2] += 30 * lit
        small = colours[squares].movedim(2, 0) + 4 * torch.rand(3, 4, 4, generator=generator)
        sample = Sample(image=_large(small, (32, 48)).to(torch.uint8), label=int(index % 2), index=index)
        if self.with_masks:
            masks = torch.zeros(len(CATEGORIES), 4, 4)
            masks[CATEGORIES.index("colour")] = torch.where(squares < 3, squares + 1, 0)
            masks[CATEGORIES.index("scene")] = 4 * lit
            sample["masks"] = _large(masks, self.mask_size).to(torch.int16)
        return sample


class Mixing(nn.Module):
    """A rotation of the colours of every square, and a classifier of its mean over places."""

    def __init__(self, *, compete: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.pool = nn.AvgPool2d((8, 12))
        self.mix = nn.Conv2d(3, 4, 1, bias=False)
        nn.init.orthogonal_(self.mix.weight)
        self.act = LWTA(2, dim=1) if compete else nn.ReLU()
        self.head = nn.Linear(4, 2)

    def forward(self, images: Tensor) -> Tensor:
        mixed = self.mix(self.pool(images) - 0.1)
        self.act(mixed)  # heard only: the classifier reads the mixture itself
        logits: Tensor = self.head(mixed.mean((2, 3)))
        return logits


def squares_loader(length: int = 40, *, batch_size: int = 16, **options: bool) -> DataLoader[Sample]:
    return DataLoader(Squares(length, **options), batch_size=batch_size)


def _large(planes: Tensor, size: tuple[int, int]) -> Tensor:
    return nn.functional.interpolate(planes[None].float(), size, mode="nearest")[0]
