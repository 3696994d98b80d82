"""What is kept of the pass: of a stated number of images the norm of every patch, and a few tokens, of each layer.

Memory is 4 bytes × images × layers × (patches + tokens × channels), whatever the size of the probe set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.artefacts.registers.draws import draw_patches
from rivalry.recording.grid import Tokens
from rivalry.recording.sample_rows import SampleRows

PROBED = ("class", "register", "strongest", "normal", "other")
"""Tokens kept of an image: the class token, the first register, the patch of largest norm, and two drawn patches."""


@dataclass(frozen=True)
class Kept:
    """One layer's part of the reservoir, images in the order of their indices.

    Attributes:
        index: Positions of the images in the data set.
        norms: Of their patches.
        tokens: By name of ``PROBED``; the class token and the register only where there are any.
        places: Patch numbers of ``strongest``, ``normal`` and ``other``.
    """

    index: Int[Tensor, " images"]
    norms: Float[Tensor, "images patches"]
    tokens: Mapping[str, Float[Tensor, "images channels"]]
    places: Mapping[str, Int[Tensor, " images"]]


class Reservoir:
    """Takes in batches of a pass.

    Args:
        layout: Of the layers' tokens.
        chosen: Indices of the images that are kept.
        seed: Of the drawn patches.
        device: Where tokens come from.
    """

    def __init__(self, layout: Tokens, chosen: Int[Tensor, " images"], seed: int, device: torch.device) -> None:
        self.layout, self.seed, self.device = layout, seed, device
        self._chosen = chosen.to(device)
        self._rows: dict[str, SampleRows] = {}
        self._labels = SampleRows(1, len(chosen)).to(device)

    def update(
        self,
        index: Int[Tensor, " batch"],
        layers: Mapping[str, Float[Tensor, "batch tokens channels"]],
        labels: Int[Tensor, " batch"] | None,
    ) -> None:
        """Keep what is chosen of a batch, perhaps nothing."""
        keep = torch.isin(index, self._chosen)
        rows_kept = slice(None) if bool(keep.all()) else keep  # what is kept whole need not be copied
        kept, drawn = index[rows_kept], self._draw(index[rows_kept])
        if labels is not None:
            self._labels.update(labels[rows_kept][:, None].float(), kept)
        for layer, tokens in layers.items():
            rows = self._row(tokens[rows_kept].float(), drawn)
            if layer not in self._rows:
                self._rows[layer] = SampleRows(rows.shape[1], len(self._chosen)).to(self.device)
            self._rows[layer].update(rows, kept)

    def labels(self) -> Int[Tensor, " images"]:
        """Of the images kept, in the order of their indices. A collective."""
        return self._labels.compute().values[:, 0].long()

    def layer(self, name: str) -> Kept:
        """Everything kept of a layer. A collective."""
        rows = self._rows[name].compute()
        patches = self.layout.height * self.layout.width
        norms, tokens = (
            rows.values[:, :patches],
            rows.values[:, patches:].reshape(len(rows.index), len(self._names), -1),
        )
        drawn = self._draw(rows.index)
        places = {"strongest": norms.argmax(1), "normal": drawn[:, 0], "other": drawn[:, 1]}
        return Kept(rows.index, norms, {name: tokens[:, place] for place, name in enumerate(self._names)}, places)

    @property
    def _names(self) -> tuple[str, ...]:
        there = {"class": self.layout.class_token, "register": self.layout.registers > 0}
        return tuple(name for name in PROBED if there.get(name, True))

    def _draw(self, index: Tensor) -> Tensor:
        patches = self.layout.height * self.layout.width
        return draw_patches(index.tolist(), patches, self.seed)[:, [0, min(1, patches - 1)]].to(self.device)

    def _row(self, tokens: Tensor, drawn: Tensor) -> Tensor:
        """Norms and tokens of every image in one row."""
        patches = tokens[:, self.layout.prefix :]
        norms = torch.linalg.vector_norm(patches, dim=2)
        taken = torch.cat([norms.argmax(1, keepdim=True), drawn], dim=1)
        found = torch.cat(
            [self._before(tokens), patches.gather(1, taken[:, :, None].expand(-1, -1, tokens.shape[2]))], 1
        )
        return torch.cat([norms, found.flatten(1)], dim=1)

    def _before(self, tokens: Tensor) -> Tensor:
        """The class token and the first register."""
        classes, registers = int(self.layout.class_token), int(self.layout.registers > 0)
        return tokens[:, : classes + registers]
