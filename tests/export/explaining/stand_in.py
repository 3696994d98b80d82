"""Dissected checkpoints in memory, of networks whose answers can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from rivalry.data.square import Square
from rivalry.export.folder import Configuration, DissectedLayer, Dissection, Images, Provenance
from rivalry.export.folder.neurons import SCHEMA
from rivalry.export.loading import DissectedCheckpoint
from rivalry.lwta.layer import LWTA
from rivalry.records import Record

SIDE = 8
CLASSES = ("car", "boat", "tree")


class Pictured(nn.Module):
    """Two layers of competition over maps, a mean over places, and a classifier."""

    def __init__(self, classes: int = len(CLASSES)) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.early = LWTA(2, dim=1)
        self.conv2 = nn.Conv2d(8, 12, 3, stride=2, padding=1)
        self.late = LWTA(3, dim=1)
        self.fc = nn.Linear(12, classes)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.late(self.conv2(self.early(self.conv1(images))))
        return self.fc(maps.mean((2, 3)))


class Copied(nn.Module):
    """The red, green and blue of a picture as units that compete, or whatever acts on them, and a classifier."""

    def __init__(self, act: nn.Module, weight: Sequence[Sequence[float]], bias: Sequence[float]) -> None:
        super().__init__()
        self.act = act
        self.fc = nn.Linear(len(weight[0]), len(weight))
        self.fc.weight.data, self.fc.bias.data = torch.tensor(weight), torch.tensor(bias)

    def forward(self, images: Tensor) -> Tensor:
        return self.fc(self.act(images[:, : self.fc.in_features]).mean((2, 3)))


def checkpoint(
    network: nn.Module,
    layers: Mapping[str, DissectedLayer] | None = None,
    *,
    classes: Sequence[str] = CLASSES,
    side: int = SIDE,
    records: Mapping[str, Record] | None = None,
    labels: Mapping[tuple[str, int], str] | None = None,
    normalised: bool = True,
) -> DissectedCheckpoint:
    """A dissected checkpoint of a network.

    Args:
        network: In whatever mode; it comes to ``eval()``.
        layers: That were dissected.
        classes: Their names.
        side: Of its pictures.
        records: That lie in it.
        labels: Of units; others are called ``""``.
        normalised: Whether pictures of 0 to 255 become −1 to 1; else they stay as they are but for a factor of 1/255.
    """
    middle = 0.5 if normalised else 0.0
    images = Images(Square(side), (middle,) * 3, (0.5 if normalised else 1.0,) * 3)
    dissection = Dissection("0.1.0", 3, 60, tuple(classes), layers or {}, images, ())
    rows = [
        {"layer": name, "unit": unit, "label": (labels or {}).get((name, unit), ""), "dead": False}
        for name, layer in (layers or {}).items()
        if layer.dissected
        for unit in range(layer.units)
    ]
    return DissectedCheckpoint(
        network.eval(),
        Configuration("by_hand", len(classes), {}, {}, dissection, {}),
        SCHEMA.empty_table().from_pylist([{**dict.fromkeys(SCHEMA.names), **row} for row in rows], schema=SCHEMA),
        records or {},
        Provenance({}, None, "by-hand", 3, 60, "", None, {}, {}, {}, {}, {}),
        Path("by-hand"),
    )


def pictured(**more: object) -> DissectedCheckpoint:
    """A checkpoint of :class:`Pictured`, both of whose layers were dissected; unit 4 of the late one is a wheel."""
    layers = {"early": DissectedLayer(8, 2, 1, True), "late": DissectedLayer(12, 3, 1, True)}
    return checkpoint(Pictured(), layers, labels={("late", 4): "wheel"}, **more)  # type: ignore[arg-type]


def noise(count: int = 1, side: int = SIDE, seed: int = 0) -> list[Tensor]:
    """Pictures of noise."""
    generator = torch.Generator().manual_seed(seed)
    return list(torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8, generator=generator))
