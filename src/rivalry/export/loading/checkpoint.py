"""A dissected checkpoint in memory: a network, what its units are called, and what analyses found in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from rivalry.export.folder import Configuration, Provenance
from rivalry.export.loading.pictures import normalise, read_picture
from rivalry.records import Record


@dataclass(frozen=True)
class DissectedCheckpoint:
    """What :func:`rivalry.load` gives.

    Attributes:
        network: In ``eval()``, its blocks won by argmax.
        config: ``config.json``: timm's description of the network, and under ``dissection`` ours.
        neurons: A row for every unit of every dissected layer, as :data:`rivalry.export.folder.neurons.SCHEMA` says.
        records: The last record of every analysis by name, each read when it is first asked for.
        provenance: What it was made of, and by what.
        folder: Where it was loaded from.
    """

    network: nn.Module
    config: Configuration
    neurons: pa.Table
    records: Mapping[str, Record]
    provenance: Provenance
    folder: Path

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the logits."""
        return self.config.dissection.classes

    @property
    def layers(self) -> tuple[str, ...]:
        """Dotted names of the layers whose units have labels, in the network's order."""
        return self.config.dissection.dissected

    @property
    def size(self) -> int:
        """Side of the square pictures that the network takes, in pixels."""
        return self.config.dissection.images.square.side

    def picture(self, path: Path) -> UInt8[Tensor, "3 height width"]:
        """Decode a file as the pictures of the training were decoded, and cut out what the network takes.

        Raises:
            UnreadableError: If there is no such file, or it cannot be decoded to its end.
        """
        return read_picture(path, self.config.dissection.images)

    def normalise(
        self, images: UInt8[Tensor, "batch 3 height width"] | Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch 3 height width"]:
        """Images of 0 to 255 as the network wants them."""
        return normalise(images, self.config.dissection.images)

    @torch.no_grad()
    def logits(self, images: UInt8[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch classes"]:
        """Logits of images of 0 to 255."""
        logits: Tensor = self.network(self.normalise(images))
        return logits.float()
