"""Pictures of plain patches, whose truth a network that passes colours through must find."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from rivalry.data.dataset import CATEGORIES, Concept, ImageDataset, Sample

COLOURS = torch.tensor([[220, 30, 30], [30, 200, 40], [40, 50, 230]], dtype=torch.uint8)
CONCEPTS = (Concept("night", "scene"), Concept("ball", "object"), Concept("lid", "part"))


class Patches(ImageDataset):
    """A red ground, a green box on it (the object), and the box's blue lid (its part); 32 × 48 pixels.

    The boxes lie on a grid of 4 pixels. With ``lie`` the masks tell something else, and the pictures are the same.
    """

    classes = ("box",)

    def __init__(self, length: int = 6, *, masks: bool = True, lie: bool = False) -> None:
        self.length, self.with_masks, self.lie = length, masks, lie
        self.concepts = CONCEPTS if masks else ()

    @property
    def fingerprint(self) -> str:
        return f"patches {self.length}"

    def __len__(self) -> int:
        return self.length

    def parts(self, index: int) -> Tensor:
        """0 for the ground, 1 for the box, 2 for its lid."""
        parts = torch.zeros(32, 48, dtype=torch.long)
        top, left = 4 * (index % 3), 4 * (index % 5)
        parts[top + 8 : top + 20, left : left + 16] = 1
        parts[top + 4 : top + 8, left : left + 16] = 2
        return parts

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < self.length:
            raise IndexError(index)
        parts = self.parts(index)
        sample = Sample(image=COLOURS[parts].movedim(2, 0), label=0, index=index)
        if self.with_masks:
            masks = torch.zeros(len(CATEGORIES), 32, 48, dtype=torch.int16)
            masks[0][parts == 0], masks[1][parts > 0], masks[2][parts == 2] = 1, 2, 3
            sample["masks"] = masks.flip(2) if self.lie else masks
        return sample


class Colours(nn.Module):
    """Two depths that pass colours on, at a fourth and an eighth of the size, and one that has forgotten places."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.fine = nn.AvgPool2d(4)
        self.coarse = nn.AvgPool2d(2)
        self.mix = nn.Conv2d(3, 6, 1)
        nn.init.orthogonal_(self.mix.weight)
        self.head = nn.Linear(6, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.mix(self.coarse(self.fine(images))).mean((2, 3)))


def patches_loader(
    length: int = 6, *, batch_size: int = 4, masks: bool = True, lie: bool = False
) -> DataLoader[Sample]:
    return DataLoader(Patches(length, masks=masks, lie=lie), batch_size=batch_size)
