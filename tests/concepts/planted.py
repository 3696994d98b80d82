"""Pictures of coloured fields, and networks whose answers follow from the colours: every concept is known.

Of each class the fields have their own colour, on grey; in half of the pictures of the first class a second colour
stands in a corner, by which they can be told.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from rivalry.concepts import ConceptExtraction
from rivalry.data.dataset import ImageDataset, Sample
from rivalry.lwta.layer import LWTA
from rivalry.recording import sweep
from rivalry.records import Record

CLASSES = ("red", "green", "blue")
SIDE = 16


class Colours(ImageDataset):
    """4 × 4 fields of 4 pixels, two of the class's colour; every third picture is labelled as the next class.

    Args:
        length: Number of pictures.
        classes: Names; there are three colours.
        wrong: Of how many pictures one is labelled as the next class; none with 0.
    """

    def __init__(self, length: int = 60, *, classes: tuple[str, ...] = CLASSES, wrong: int = 0) -> None:
        self.length, self.classes, self.wrong = length, classes, wrong

    @property
    def fingerprint(self) -> str:
        return f"colours {self.length} {len(self.classes)} {self.wrong}"

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < self.length:
            raise IndexError(index)
        generator = torch.Generator().manual_seed(index)
        small = torch.full((3, 4, 4), 60.0) + 20 * torch.rand(3, 4, 4, generator=generator)
        shown = index % 3
        for place in torch.randperm(15, generator=generator)[:2].tolist():
            small[shown, place // 4, place % 4] = 220
        if index % 2:
            small[(shown + 1) % 3, 3, 3] = 180  # the corner
        image = small.repeat_interleave(4, 1).repeat_interleave(4, 2).to(torch.uint8)
        label = (shown + 1) % 3 if self.wrong and index // 3 % self.wrong == 0 else shown
        return Sample(image=image, label=label, index=index)


class Colourist(nn.Module):
    """Fields, six mixtures of their colours, an activation, and a linear classifier of its mean.

    Args:
        compete: Let pairs of mixtures compete instead of a ReLU.
        further: Put a second layer, which saturates, between the activation and the mean.
        classes: Of the classifier.
    """

    def __init__(self, *, compete: bool = False, further: bool = False, classes: int = 3) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.pool = nn.AvgPool2d(4)
        self.mix = nn.Conv2d(3, 6, 1)
        with torch.no_grad():
            self.mix.weight[:, :, 0, 0] = 10 * torch.cat([torch.eye(3), torch.eye(3) + 0.3])
            self.mix.bias.fill_(-4.0)
        self.act = LWTA(2, dim=1) if compete else nn.ReLU()
        self.more = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.Tanh()) if further else nn.Identity()
        if further:
            with torch.no_grad():
                nn.init.dirac_(self.more[0].weight).mul_(0.3)
                self.more[0].bias.zero_()
        self.head = nn.Linear(6, classes)
        with torch.no_grad():
            self.head.weight.fill_(0.0)
            self.head.bias.fill_(0.05)
            self.head.weight[:3] = torch.cat([torch.eye(3), torch.eye(3)], 1)[:classes]

    def forward(self, images: Tensor) -> Tensor:
        maps = self.more(self.act(self.mix(self.pool(images))))
        logits: Tensor = self.head(maps.mean((2, 3)))
        return logits


def colours_loader(length: int = 60, *, batch_size: int = 16, **options: Any) -> DataLoader[Sample]:
    return DataLoader(Colours(length, **options), batch_size=batch_size)


def found(network: nn.Module | None = None, loader: DataLoader[Any] | None = None, **options: Any) -> Record:
    """What is found of the layer ``act``, three concepts a class."""
    arguments = {"layers": ["act"], "concepts": 3} | options
    mode = arguments.pop("mode", "argmax")
    analysis = ConceptExtraction(**arguments)
    (record,) = sweep(network or Colourist(), loader or colours_loader(), [analysis], mode=mode, progress=False)
    return record


def rows_of(record: Record, table: str, **wanted: object) -> list[dict[str, Any]]:
    return [row for row in record.tables[table].to_pylist() if wanted.items() <= row.items()]
