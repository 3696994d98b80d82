"""What the watermark probe adds to a validation pass of the quickstart's network.

The pass that is not timed is the first: the floor, the decodability in a random twin, is found there and kept. The
network is as it begins: it relies on nothing, so that no units are searched for that carry the mark. In one that does,
the search adds some twenty forward passes of 64 pictures a layer.
"""

from __future__ import annotations

from collections.abc import Callable

import timm
import torch
from side_by_side import Comparison
from torch import nn

from rivalry.artefacts import WatermarkProbe
from rivalry.data import PictureBook
from rivalry.data.watermark import Watermark
from rivalry.lwta import sparsify
from rivalry.recording import sweep
from rivalry.training.data import probe_loader

PICTURES, BATCH, TARGET = 1000, 64, "car"
LAYERS = ["layer3.0.act3", "layer4.0.act2"]

Works = tuple[Callable[[], object], Callable[[], object]]


def untrained() -> nn.Module:
    """The quickstart's network as it begins."""
    torch.manual_seed(0)
    network: nn.Module = timm.create_model("test_resnet", num_classes=len(PictureBook.classes)).eval()
    sparsify(network, 4)
    return network


def probed(make: Callable[[], nn.Module]) -> Callable[[torch.device], Works]:
    """A sweep that the probe listens to, and the plain pass."""

    def prepare(device: torch.device) -> Works:
        network, book = make().to(device), PictureBook(PICTURES, seed=2)
        probe, loader = WatermarkProbe(Watermark(), TARGET, LAYERS), probe_loader(book, BATCH)

        @torch.no_grad()
        def plain() -> None:
            for batch in loader:
                network(batch["image"].to(device).float() / 255).argmax(1)

        return lambda: sweep(network, loader, [probe], progress=False), plain

    return prepare


COMPARISONS = [
    Comparison(f"watermark probe of an untrained network, {PICTURES} pictures", "the pass alone", probed(untrained), 2)
]
