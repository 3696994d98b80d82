"""Load a folder that was just written, and hold it against what it was made of: to the last bit."""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import UInt8
from torch import Tensor

from rivalry.export.folder.sums import check_sums
from rivalry.export.loading import load
from rivalry.export.writing.contents import Contents
from rivalry.export.writing.source import Source

SHOWN = 8
"""Pictures whose logits are compared, where there are as many."""


def probe_images(source: Source) -> UInt8[Tensor, "batch 3 height width"]:
    """The first pictures of the run's validation; where there are none, noise that is always the same."""
    if source.shown is not None:
        count = min(SHOWN, len(source.shown))
        return torch.stack([source.shown[index]["image"] for index in range(count)])
    side = source.images.square.side
    return torch.randint(0, 256, (SHOWN, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def verify(folder: Path, contents: Contents, source: Source) -> int:
    """Load the folder and compare.

    Args:
        folder: Of the dissected checkpoint.
        contents: What it was made of.
        source: Whose pictures are shown to both networks.

    Returns:
        How many pictures were shown.

    Raises:
        ValueError: If sums, logits, labels or records are not those that were written.
    """
    check_sums(folder)
    images = probe_images(source)
    wanted = source.target.classifier.logits_of(contents.network, images)
    loaded = load(folder)
    found = loaded.logits(images)
    if not torch.equal(found, wanted):
        apart = (found - wanted).abs().max().item() if found.shape == wanted.shape else float("nan")
        raise ValueError(f"the network that was written gives other logits than the run's: they differ by {apart:g}")
    if not loaded.neurons.equals(contents.neurons):
        raise ValueError("the labels that were written are not those of the records")
    for record in contents.drawn if contents.records else ():
        if loaded.records[record.header.name].settings != record.header.settings:
            raise ValueError(f"the record {record.header.name!r} that was written is not that of the run")
    return len(images)
