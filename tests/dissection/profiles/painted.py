"""Pictures of a few pixels whose colours are a network's activations, so that a test can say what must come out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from rivalry.data.dataset import ImageDataset, Sample
from rivalry.dissection import UnitProfiles
from rivalry.lwta.layer import LWTA
from rivalry.recording import sweep
from rivalry.records import Record

CLASSES = ("sea", "<b>land</b>", "sky")


class Painted(ImageDataset):
    """The pictures that it is given, labelled in turn where there are classes."""

    def __init__(self, images: Tensor, classes: Sequence[str] = CLASSES) -> None:
        self.images = images
        self.classes = tuple(classes)

    @property
    def fingerprint(self) -> str:
        return f"painted-{len(self)}"

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        sample = Sample(image=self.images[index], index=index)
        return Sample(**sample, label=index % len(self.classes)) if self.classes else sample


class Reading(nn.Module):
    """A ReLU of the colours (red, green and blue units in [0, 1]), shifted, and a classifier of its mean."""

    def __init__(self, shift: Sequence[float] = (0.0, 0.0, 0.0), bias: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("shift", torch.tensor(shift).reshape(3, 1, 1))
        self.act = nn.ReLU()
        self.head = nn.Linear(3, 3)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[1.0, -2.0, 0.0], [0.5, 3.0, -1.0], [-4.0, 0.0, 2.0]]))
            self.head.bias.fill_(bias)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.act(images + self.shift).mean((2, 3)))


class Bending(Reading):
    """As :class:`Reading`, with logits that are not linear in the mean."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images).exp()


class Rivals(nn.Module):
    """Red and green compete, a number taken off both."""

    def __init__(self, less: float = 0.0) -> None:
        super().__init__()
        self.less = less
        self.compete = LWTA(2, dim=1)
        self.head = nn.Linear(2, 3)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[1.0, -2.0], [0.5, 3.0], [-4.0, 0.25]]))
            self.head.bias.zero_()

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.compete(images[:, :2] - self.less).mean((2, 3)))


def noise(pictures: int, *, side: int = 4, seed: int = 0) -> Tensor:
    """Pictures without meaning."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (pictures, 3, side, side), generator=generator, dtype=torch.uint8)


def spots(levels: Sequence[Sequence[int]], side: int = 4) -> Tensor:
    """Black pictures with a pixel of the given red, green and blue at the top left."""
    images = torch.zeros(len(levels), 3, side, side, dtype=torch.uint8)
    images[:, :, 0, 0] = torch.tensor(levels, dtype=torch.uint8)
    return images


def profile(
    dataset: ImageDataset, network: nn.Module | None = None, *, batch_size: int = 4, **options: object
) -> Record:
    """The record of one pass."""
    analysis = UnitProfiles(**{"layers": ["act"], **options})
    loader = DataLoader(dataset, batch_size=batch_size)
    (record,) = sweep(network or Reading(), loader, [analysis], progress=False)
    return record


def rows(record: Record, table: str = "units", **wanted: object) -> list[dict]:
    """The rows of a table in which columns have the wanted values."""
    return [row for row in record.tables[table].to_pylist() if all(row[key] == one for key, one in wanted.items())]


def effects(row: dict) -> dict[str, float]:
    """The effects of a unit by the names of classes."""
    return {
        name: effect
        for sign in ("raised", "lowered")
        for name, effect in zip(row[f"{sign}_classes"], row[f"{sign}_effects"], strict=True)
    }


def assert_alike(first: Record, second: Record) -> None:
    """The same but for the last digits of sums, and a step of a map that such a digit decides."""
    assert first.tables.keys() == second.tables.keys()
    assert second.scalars == pytest.approx(first.scalars)
    for name, table in first.tables.items():
        assert second.tables[name].schema == table.schema
        for ours, theirs in zip(table.to_pylist(), second.tables[name].to_pylist(), strict=True):
            for column, value in ours.items():
                assert _alike(column, value, theirs[column]), (name, column, value, theirs[column])


def _alike(column: str, ours: Any, theirs: Any) -> bool:
    if column == "map":
        levels = [np.frombuffer(one, dtype=np.uint8).astype(int) for one in (ours, theirs)]
        return levels[0].shape == levels[1].shape and np.abs(levels[0] - levels[1]).max() <= 1
    number = ours[0] if isinstance(ours, list) and ours else ours
    return bool(theirs == (pytest.approx(ours, rel=1e-5, abs=1e-6) if isinstance(number, float) else ours))
