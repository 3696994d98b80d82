"""A thousand classes, one after another, in a process of its own: prints what it holds, and what is written."""

from __future__ import annotations

import ctypes
import gc
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from rivalry.concepts import ConceptExtraction
from rivalry.concepts import concept_extraction as analysis_module
from rivalry.data.dataset import ImageDataset, Sample
from rivalry.recording import sweep

EACH, CHANNELS, CLASSES = 12, 256, 1000


class Hues(ImageDataset):
    """Pictures of a class bear its number in their brightness."""

    def __init__(self, classes: int) -> None:
        self.classes = tuple(f"class {number}" for number in range(classes))

    @property
    def fingerprint(self) -> str:
        return f"hues {len(self.classes)}"

    def __len__(self) -> int:
        return EACH * len(self.classes)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        image = torch.randint(0, 256, (3, 16, 16), generator=torch.Generator().manual_seed(index), dtype=torch.uint8)
        image[:, 0, 0] = torch.tensor([index // EACH % 10, index // EACH // 10 % 10, index // EACH // 100])
        return Sample(image=image, label=index // EACH, index=index)


class Reading(nn.Module):
    """Noise of many channels, read by a classifier that finds the class by the number in the corner."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Sequential(nn.Conv2d(3, CHANNELS, 4, stride=4), nn.ReLU())
        self.head = nn.Linear(CHANNELS, classes)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.layer(images).mean((2, 3)))
        number = (images[:, :, 0, 0] * 255).round() @ torch.tensor([1.0, 10.0, 100.0])
        return logits + 1000 * nn.functional.one_hot(number.long(), logits.shape[1])


def resident() -> int:
    """Bytes that the process holds."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    (kib,) = re.findall(r"VmRSS:\s*(\d+) kB", Path("/proc/self/status").read_text())
    return int(kib) * 1024


def main() -> None:
    """Study the classes, and print bytes held after 200 and 900 of them, those written, and those of a class."""
    held: list[int] = []
    study = analysis_module.study_class

    def watched(*arguments: Any) -> Any:
        held.append(0 if len(held) % 100 else resident())
        return study(*arguments)

    analysis_module.study_class = watched
    torch.set_num_threads(1)
    loader = DataLoader(Hues(CLASSES), batch_size=120)
    analysis = ConceptExtraction(["layer"], concepts=4, drawn=2)
    (record,) = sweep(Reading(CLASSES), loader, [analysis], progress=False)
    written = sum(table.nbytes for table in record.tables.values())
    print(int(record.scalars["classes"]), held[200], held[900], written, EACH * CHANNELS * 16 * 4)


if __name__ == "__main__":
    main()
