"""The images that bear the expensive rows.

They are the first that were drawn for the reservoir. On several ranks every rank looks at all of them, so that all find
the same without a word between them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor, nn

from rivalry.artefacts.registers.draws import permute_mask
from rivalry.artefacts.registers.walk import Heard, walking
from rivalry.lwta.layer import drawing_aside
from rivalry.recording.grid import Tokens
from rivalry.recording.observation import Listening

BATCH = 32
"""Images at once, of networks with few tokens."""
_PAIRS_AT_ONCE = 2**22
"""Pairs of a query and a key in the images that pass at once: every head has a number for each."""


@dataclass(frozen=True)
class Sample:
    """Images that pass again.

    Attributes:
        index: Their positions in the data set, in the order in which they were drawn.
        images: As the data set gives them.
        labels: Where the data set has classes.
        classes: How many.
        outliers: Of every layer, which of their patches are.
        permuted: As many patches of every image at drawn places.
    """

    index: tuple[int, ...]
    images: UInt8[Tensor, "batch 3 height width"]
    labels: Int[Tensor, " batch"] | None
    classes: int
    outliers: Mapping[str, Bool[Tensor, "batch patches"]]
    permuted: Mapping[str, Bool[Tensor, "batch patches"]]

    def accuracy(self, logits: Float[Tensor, "batch classes"]) -> float:
        """The share that is told right; NaN where the network tells other classes than the data set has."""
        if self.labels is None or logits.shape[1] != self.classes:
            return math.nan
        return float((logits.argmax(1) == self.labels).float().mean())

    def forward(self, listening: Listening, network: nn.Module) -> Float[Tensor, "batch classes"]:
        """Let all of them pass through a network."""
        with drawing_aside(network):
            return torch.cat([listening.forward(network, self.images[part]).float() for part in self.batches()])

    def batches(self) -> Iterator[slice]:
        """Cut the sample into batches, of fewer images where these have more tokens."""
        patches = next(iter(self.outliers.values())).shape[1]
        step = max(1, min(BATCH, _PAIRS_AT_ONCE // patches**2))
        return (slice(begin, begin + step) for begin in range(0, len(self.index), step))


def read_sample(
    listening: Listening, index: Sequence[int], outliers: Mapping[str, Bool[Tensor, "batch patches"]], seed: int
) -> Sample:
    """Read the images, with masks of their outliers in the same order."""
    read = [listening.dataset[one] for one in index]
    images = torch.stack([one["image"] for one in read]).to(listening.device)
    labels = (
        torch.tensor([one["label"] for one in read], device=listening.device) if listening.dataset.classes else None
    )
    permuted = {layer: permute_mask(mask, index, seed) for layer, mask in outliers.items()}
    return Sample(tuple(index), images, labels, len(listening.dataset.classes), outliers, permuted)


@contextmanager
def hearing_norms(
    network: nn.Module, layout: Tokens, layers: Sequence[str]
) -> Iterator[dict[str, list[Float[Tensor, "batch patches"]]]]:
    """Gather the norms of patches, layer by layer, of what passes in the context."""
    norms: dict[str, list[Tensor]] = {layer: [] for layer in layers}

    def visit(layer: str, heard: Heard) -> None:
        patches = heard.tokens[:, layout.prefix : layout.count]  # behind them may stand an appended register
        norms[layer].append(torch.linalg.vector_norm(patches.float(), dim=2))

    with walking(network, layers, visit):
        yield norms
