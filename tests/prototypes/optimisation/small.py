"""Networks so small that a test can say what must come out, and short ways to optimise images for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from rivalry.lwta.layer import LWTA
from rivalry.prototypes.images import Pixels, Statistics
from rivalry.prototypes.objectives.penalties import Penalties
from rivalry.prototypes.objectives.targets import Target
from rivalry.prototypes.objectives.values import Readout
from rivalry.prototypes.optimisation import Optimised, Recipe, optimise
from rivalry.prototypes.optimisation.ascent import Ascent
from rivalry.prototypes.views import Chance, Noise
from rivalry.recording.live import Live

SIZE = 6
RED, GREEN, BLUE = (Target("class", number, name) for number, name in enumerate(("red", "green", "blue")))


class MeanColour(nn.Module):
    """Logits are the mean of each channel; every image for itself to the last bit, for there is no product."""

    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2, 3))


class Cliff(MeanColour):
    """The same, but that the red of an image whose mean red is above an edge is no number."""

    def __init__(self, edge: float = 0.8) -> None:
        super().__init__()
        self.edge = edge

    def forward(self, images: Tensor) -> Tensor:
        logits = super().forward(images)
        gone = torch.tensor([torch.nan, 0.0, 0.0])
        return logits + torch.where(logits[:, :1] > self.edge, gone, 0.0)


class Flat(MeanColour):
    """Green can be had, red cannot: its logit is the same for all images."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images) * torch.tensor([0.0, 1.0, 1.0]) + 2


class Rivals(nn.Module):
    """Convolution, normalisation, competition, and once more; three classes of images of any size."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.compete = LWTA(2)
        self.late = nn.Conv2d(8, 8, 3, padding=1)
        self.again = LWTA(4)
        self.head = nn.Linear(8, 3)
        for weight in self.parameters():
            weight.data *= 2

    def forward(self, images: Tensor) -> Tensor:
        maps = self.again(self.late(self.compete(self.norm(self.conv(images)))))
        return self.head(maps.mean((2, 3)))


def made(network: nn.Module, targets: list[Target], recipe: Recipe, **more: Any) -> Optimised:
    shape = (3, SIZE, SIZE)
    layers = sorted({target.layer for target in targets if target.layer is not None})
    with Live(network, layers) as live:
        return optimise(live, targets, recipe.parametrisation.canvas(shape, Statistics.plain(*shape)), recipe, **more)


@contextmanager
def climbing(network: nn.Module, targets: list[Target], recipe: Recipe) -> Iterator[tuple[Ascent, Tensor]]:
    """An ascent, and parameters where it starts."""
    shape, count = (3, SIZE, SIZE), torch.arange(len(targets))
    canvas = recipe.parametrisation.canvas(shape, Statistics.plain(*shape))
    with Live(network) as live:
        ascent = Ascent(live, canvas, recipe, Readout(), 0, 1, tuple(targets), count, count)
        yield ascent, canvas.start(Chance(0, count, 0))


def pixels(**more: Any) -> Recipe:
    """Noisy pixels, that each image is drawn for by itself."""
    return Recipe(**{"parametrisation": Pixels(), "views": (Noise(0.1),), "steps": 8, "rate": 0.1, **more})


def apart(**more: Any) -> Recipe:
    return pixels(penalties=Penalties(diversity=1.0), **more)
