"""A probe set and networks so small that a test can say what must come out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from rivalry.data.dataset import Concept, ImageDataset, Sample
from rivalry.lwta.layer import LWTA
from rivalry.recording.analysis import Analysis, Finding
from rivalry.recording.observation import Listening, Observation


class Tiles(ImageDataset):
    """Noise of 8 px; the left half is brighter in every second picture, and the mask says so."""

    def __init__(self, length: int = 7, *, seed: int = 0, masks: bool = False) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.images = torch.randint(0, 200, (length, 3, 8, 8), generator=generator, dtype=torch.uint8)
        self.images[1::2, :, :, :4] += 55
        self.masks, self.seed = masks, seed
        self.classes = ("plain", "bright")
        self.concepts = (Concept("bright left", "part"), Concept("nothing", "scene")) if masks else ()

    @property
    def fingerprint(self) -> str:
        return f"tiles-{len(self)}-{self.seed}"

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        sample = Sample(image=self.images[index], label=index % 2, index=index)
        if self.masks:
            sample["masks"] = torch.zeros(5, 8, 8, dtype=torch.int16)
            sample["masks"][2, :, :4] = index % 2
        return sample


class TinyNetwork(nn.Module):
    """Convolution, normalisation, competition, a second layer that competes over vectors, and a ReLU."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.compete = LWTA(2, dim=1)
        self.dense = nn.Linear(8, 6)
        self.rivals = LWTA(3, dim=-1)
        self.act = nn.ReLU()
        self.head = nn.Linear(6, 2)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.compete(self.norm(self.conv(images)))
        return self.head(self.act(self.rivals(self.dense(maps.mean((2, 3))))))


class Listener(Analysis):
    """Keeps everything it is told."""

    def __init__(self, *taps: str, name: str = "listener", needs: frozenset[str] = frozenset()) -> None:
        self.taps = taps or ("compete",)
        self.name = name
        self.needs = needs
        self.seen: list[Observation] = []

    def start(self, listening: Listening) -> None:
        self.listening = listening
        self.seen = []

    def observe(self, observation: Observation) -> None:
        self.seen.append(observation)

    def conclude(self, network: nn.Module) -> Finding:
        return Finding(scalars={"samples": float(sum(len(one.index) for one in self.seen))})


def tiles_loader(
    length: int = 7, *, batch_size: int = 3, masks: bool = False, shuffle: bool = False
) -> DataLoader[Sample]:
    return DataLoader(Tiles(length, masks=masks), batch_size=batch_size, shuffle=shuffle)


def hooks_of(network: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in network.modules())


class Block(nn.Module):
    """A residual block whose activation writes in place."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)

    def forward(self, maps: Tensor) -> Tensor:
        return self.act(self.norm(self.conv(maps)) + maps)
