"""Dissection by masks beside the forward pass of the same pictures, and tallies beside a product of masks.

The last layer of an untrained ResNet-18, 512 units of 7 × 7 places, is dissected by 40 concepts in four categories, on
pictures of 224 × 224 pixels with masks of 112 × 112, as Broden has them. Levels come from a sample of 200 of the 500,
which the network is shown before the pass.
"""

from __future__ import annotations

from collections.abc import Callable

import timm
import torch
from side_by_side import Comparison
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader

from rivalry.basis import NetworkDissection
from rivalry.basis.detectors import EdgeSample, Tallies
from rivalry.data.dataset import CATEGORIES, Concept, ImageDataset, Sample
from rivalry.recording import sweep

PICTURES, SAMPLE, BATCH = 500, 200, 32
IMAGE, MASK = 224, 112
LABELLED, CONCEPTS_EACH = ("object", "part", "colour", "texture"), 10
REGIONS = 7
QUANTILE = 0.005


class Regions(ImageDataset):
    """Pictures of noise, with masks of concepts in rectangles."""

    classes = ("noise",)
    concepts = tuple(
        Concept(f"{category} {number}", category) for category in LABELLED for number in range(CONCEPTS_EACH)
    )
    fingerprint = "regions"

    def __init__(self, pictures: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.images = torch.randint(0, 256, (pictures, 3, IMAGE, IMAGE), generator=generator, dtype=torch.uint8)
        self.masks = torch.zeros(pictures, len(CATEGORIES), MASK, MASK, dtype=torch.int16)
        for place, category in enumerate(LABELLED):
            drawn = torch.randint(-2, CONCEPTS_EACH, (pictures, 1, REGIONS, REGIONS), generator=generator)
            concept = functional.interpolate(drawn.float(), (MASK, MASK))[:, 0].to(torch.int16)
            own = self.masks[:, CATEGORIES.index(category)]
            own.copy_(torch.where(concept < 0, 0, 1 + place * CONCEPTS_EACH + concept))

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Sample:
        return {"image": self.images[index], "masks": self.masks[index], "label": 0, "index": index}


def passes(device: torch.device) -> tuple[Callable[[], object], Callable[[], object]]:
    """A pass with dissection, and the network's alone."""
    network = timm.create_model("resnet18", num_classes=2).eval().to(device)
    loader = DataLoader(Regions(PICTURES), BATCH)
    dissection = NetworkDissection(["layer4"], QUANTILE, sample=SAMPLE)

    def dissected() -> object:
        return sweep(network, loader, [dissection], progress=False)

    def alone() -> object:
        with torch.no_grad():
            return [network(batch["image"].to(device).float() / 255) for batch in loader]

    return dissected, alone


def tallies(device: torch.device) -> tuple[Callable[[], object], Callable[[], object]]:
    """A batch tallied at all levels of its units, and at one threshold a unit."""
    book = Regions(BATCH)
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(BATCH, 512, 7, 7, generator=generator).relu().to(device)
    masks, first = book.masks.to(device), torch.arange(BATCH, device=device) % 2 == 0
    sample = EdgeSample(512, device=device)
    sample.add(maps, (MASK, MASK), torch.arange(BATCH, device=device))
    counter = Tallies(sample.compute(), [CATEGORIES.index(one.category) for one in book.concepts]).to(device)
    thresholds = maps.movedim(1, 0).flatten(1).quantile(1 - QUANTILE, dim=1)
    return lambda: counter.update(maps, masks, first), lambda: by_product(maps, masks, thresholds)


def by_product(maps: Tensor, masks: Tensor, thresholds: Tensor) -> Tensor:
    """Intersections as a product of the units' masks with the concepts', picture by picture."""
    total = torch.zeros(maps.shape[1], len(Regions.concepts) + 1, device=maps.device)
    for picture, mask in zip(maps, masks, strict=True):
        grown = functional.interpolate(picture[None], (MASK, MASK), mode="bilinear")[0]
        active = (grown > thresholds[:, None, None]).flatten(1).float()
        shown = torch.zeros(MASK * MASK, total.shape[1], device=maps.device)
        for plane in mask:
            shown.scatter_(1, plane.flatten()[:, None].long(), 1.0)
        total += active @ shown
    return total


COMPARISONS = [
    Comparison(
        f"detectors of 512 units and 40 concepts, {PICTURES} pictures",
        "the forward pass of the same pictures",
        passes,
        1,
    ),
    Comparison(f"detectors tallied at 62 levels, {BATCH} pictures", "a product of masks at one level", tallies, 3),
]
