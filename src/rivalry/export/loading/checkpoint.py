"""A dissected checkpoint in memory: a network, what its units are called, and what analyses found in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from rivalry.export.loading.preprocessing import Preprocessing
from rivalry.records import Record


@dataclass(frozen=True)
class DissectedCheckpoint:
    """What :func:`rivalry.load` gives.

    Attributes:
        network: In ``eval()``, its blocks won by argmax.
        classes: Their names, in the order of the logits.
        preprocessing: How pictures become inputs.
        neurons: A row for every unit of every dissected layer: ``layer``, ``unit``, ``label``, ``score`` …; see
            docs/dissected_checkpoints.md.
        records: The last record of every analysis by name, each read when it is first asked for.
        config: ``config.json``: timm's description of the network, and under ``dissection`` ours.
        provenance: ``provenance.json``: where it all comes from.
        folder: Where it was loaded from.
    """

    network: nn.Module
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    neurons: pa.Table
    records: Mapping[str, Record]
    config: Mapping[str, Any]
    provenance: Mapping[str, Any]
    folder: Path

    @property
    def size(self) -> int:
        """Side of the square pictures that the network takes, in pixels."""
        return self.preprocessing.square.side

    @property
    def layers(self) -> tuple[str, ...]:
        """Dotted names of the dissected layers, in the network's order."""
        return tuple(self.config["dissection"]["layers"])

    def picture(self, path: Path) -> UInt8[Tensor, "3 height width"]:
        """Decode a file as the pictures of the training were decoded, to the size that the network takes.

        Raises:
            UnreadableError: If there is no such file, or it cannot be decoded to its end.
        """
        return self.preprocessing.picture(path)

    def normalise(self, images: UInt8[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """Images of 0 to 255 as the network wants them."""
        return self.preprocessing.normalise(images)

    @torch.no_grad()
    def logits(self, images: UInt8[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch classes"]:
        """Logits of images of 0 to 255."""
        logits: Tensor = self.network(self.normalise(images))
        return logits.float()
