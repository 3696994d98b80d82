"""What the register probe adds to a validation pass of a network like DeiT-tiny, with outliers and without.

The pass that is not timed is the first: what the probe finds once and keeps, the random twin, is found there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import timm
import torch
from side_by_side import Comparison

from rivalry.artefacts import RegisterProbe
from rivalry.data import PictureBook
from rivalry.recording import sweep
from rivalry.training.data import probe_loader

BATCH = 64

Passes = tuple[Callable[[], object], Callable[[], object]]


def deit(**arguments: int) -> Any:
    """DeiT-tiny for pictures of 64 px in patches of 8."""
    torch.manual_seed(0)
    return timm.create_model("deit_tiny_patch16_224", num_classes=16, img_size=64, patch_size=8, **arguments).eval()


def with_outliers() -> Any:
    """The same with four registers, and with three long tokens in every picture, from its seventh block on."""
    network = deit(reg_tokens=4)
    mlp = network.blocks[6].mlp
    with torch.no_grad():
        network.pos_embed[:, [6, 25, 50], 7] = 5
        mlp.fc1.weight[3], mlp.fc1.bias[3] = 0, -4
        mlp.fc1.weight[3, 7] = 2
        mlp.fc2.weight[:, 3] = 0
        mlp.fc2.weight[11, 3] = 40
    return network


def probed(make: Callable[[], Any], pictures: int) -> Callable[[torch.device], Passes]:
    """A sweep that the probe listens to, and the plain pass."""

    def prepare(device: torch.device) -> Passes:
        network, book, probe = make().to(device), PictureBook(pictures, seed=2), RegisterProbe()
        loader = probe_loader(book, BATCH)

        @torch.no_grad()
        def plain() -> None:
            right = 0
            for batch in loader:
                logits = network(batch["image"].to(device).float() / 255)
                right += int((logits.argmax(1) == batch["label"].to(device)).sum())

        return lambda: sweep(network, loader, [probe], progress=False), plain

    return prepare


COMPARISONS = [
    Comparison(f"registers of a network {kind}, {pictures} pictures", "the pass alone", probed(make, pictures), 2)
    for kind, make, pictures in (
        ("without outliers", deit, 1000),
        ("with outliers and registers", with_outliers, 1000),
        ("with outliers and registers", with_outliers, 3000),  # what is looked at closely are 64 images here as there
    )
]
