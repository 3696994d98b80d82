"""Network dissection as one would write it down: all maps of all pictures, loops over units, concepts and pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from rivalry.data.dataset import CATEGORIES
from rivalry.numerics.sampling import halves
from tests.basis.detectors.plain import upsampled
from tests.basis.scenes import Scenes


class Called(NamedTuple):
    """What a unit is called by: concept, IoU where that was chosen and where it is scored, and the threshold."""

    label: str | None
    train: float
    iou: float
    threshold: float


def maps_of(network: nn.Module, layer: str, dataset: Scenes) -> Tensor:
    """What a layer gives for all pictures, as maps; tokens are behind a class token."""
    kept: list[Tensor] = []
    hook = network.get_submodule(layer).register_forward_hook(lambda *heard: kept.append(heard[2]))
    with torch.no_grad():
        network.eval()(dataset.images / 255)
    hook.remove()
    output = kept[0]
    return output if output.ndim == 4 else output[:, 1:].mT.reshape(len(output), -1, 4, 6)


def quantile(values: Tensor, level: float) -> float:
    """The lowest value that at most a share of all exceeds."""
    ordered = values.flatten().sort().values
    return float(ordered[math.ceil((1 - level) * len(ordered)) - 1])


def enlarged(maps: Tensor, dataset: Scenes) -> Tensor:
    """One unit's maps in the size of the masks; rounded as the analysis rounds, for thresholds lie on values."""
    size = (dataset.masks.shape[2], dataset.masks.shape[3])
    large = torch.stack([upsampled(one, size) for one in maps])
    assert torch.allclose(large, interpolate(maps[None], size, mode="bilinear", align_corners=False)[0], atol=1e-5)
    return large


def ious(marked: Tensor, dataset: Scenes, pictures: Sequence[int]) -> list[float]:
    """IoU of one unit's masks (pictures, height, width) with each concept, NaN where no picture shows it."""
    found = []
    for number, concept in enumerate(dataset.concepts, start=1):
        plane = CATEGORIES.index(concept.category)
        both = either = there = 0
        for picture in pictures:
            mask = dataset.masks[picture, plane]
            if not (mask > 0).any():
                continue  # the category is not labelled there
            both += int((marked[picture] & (mask == number)).sum())
            either += int((marked[picture] | (mask == number)).sum())
            there += int((mask == number).sum())
        found.append(both / either if there else math.nan)
    return found


def call(train: list[float], validation: list[float], thresholds: Sequence[float], dataset: Scenes) -> Called:
    known = [place for place, value in enumerate(train) if not math.isnan(value)]
    if not known:
        return Called(None, math.nan, math.nan, math.nan)
    best = max(known, key=lambda place: (train[place], -place))
    return Called(dataset.concepts[best].name, train[best], validation[best], thresholds[best])


def parted(dataset: Scenes, seed: int, *, in_halves: bool) -> tuple[list[int], list[int]]:
    if not in_halves:
        return list(range(len(dataset))), list(range(len(dataset)))
    first, second = halves(len(dataset), seed=seed)
    return first.tolist(), second.tolist()


def dissect(
    maps: Tensor, dataset: Scenes, level: float, *, of: str = "places", seed: int = 0, in_halves: bool = True
) -> list[Called]:
    """What every unit is called by, with one threshold a unit."""
    first, second = parted(dataset, seed, in_halves=in_halves)
    called = []
    for unit in range(maps.shape[1]):
        large = enlarged(maps[:, unit], dataset)
        threshold = 0.0 if of == "zero" else quantile(maps[:, unit] if of == "places" else large, level)
        marked = large > threshold
        train, validation = ious(marked, dataset, first), ious(marked, dataset, second)
        called.append(call(train, validation, [threshold] * len(train), dataset))
    return called


def dissect_wins(winners: Tensor, competitors: int, dataset: Scenes, seed: int = 0) -> list[Called]:
    """What every unit is called by, its mask being where it wins; winners (pictures, blocks, height, width)."""
    first, second = parted(dataset, seed, in_halves=True)
    called = []
    for unit in range(winners.shape[1] * competitors):
        won = (winners[:, unit // competitors] == unit % competitors)[:, None].float()
        marked = interpolate(won, dataset.masks.shape[2:], mode="nearest")[:, 0] > 0
        train, validation = ious(marked, dataset, first), ious(marked, dataset, second)
        called.append(call(train, validation, [math.nan] * len(train), dataset))
    return called
