"""What the reservoir says of every layer, before any image passes again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from rivalry.artefacts.registers.outliers import Norms
from rivalry.artefacts.registers.register_units import onset
from rivalry.artefacts.registers.reservoir import Kept, Reservoir
from rivalry.artefacts.registers.rows import Row, class_row, concentration_row, norm_row, place_row, strongest_layer


@dataclass(frozen=True)
class Described:
    """All layers, in their order.

    Attributes:
        rows: Numbers.
        kept: What is known of the images kept.
        norms: How norms are spread.
        outliers: Which patches are outliers.
    """

    rows: dict[str, Row]
    kept: dict[str, Kept]
    norms: dict[str, Norms]
    outliers: dict[str, Bool[Tensor, "images patches"]]

    @property
    def index(self) -> Int[Tensor, " images"]:
        """Positions of the images in the data set."""
        return next(iter(self.kept.values())).index

    @property
    def strongest(self) -> str:
        """The layer with most outliers (see :func:`rivalry.artefacts.registers.rows.strongest_layer`)."""
        return strongest_layer(self.rows)

    @property
    def origin(self) -> str:
        """The layer at which outliers come up; the first where there are none."""
        return onset({layer: row["outlier_fraction"] for layer, row in self.rows.items()})

    def of_images(self, index: Sequence[int]) -> Mapping[str, Bool[Tensor, "batch patches"]]:
        """Outliers of some of the images."""
        wanted = torch.tensor(index, device=self.index.device)
        rows = torch.searchsorted(self.index, wanted)
        return {layer: mask[rows] for layer, mask in self.outliers.items()}


def describe(reservoir: Reservoir, layers: Sequence[str], *, labelled: bool) -> Described:
    """Describe every layer. A collective."""
    described = Described({}, {}, {}, {})
    labels = reservoir.labels() if labelled else None
    for layer in layers:
        kept = reservoir.layer(layer)
        row, norms = norm_row(kept.norms)
        outliers = kept.norms > norms.threshold
        row |= concentration_row(kept, outliers)
        row |= place_row(kept, outliers, reservoir.layout, reservoir.seed)
        row |= class_row(kept, outliers, labels, reservoir.seed)
        described.rows[layer], described.kept[layer] = row, kept
        described.norms[layer], described.outliers[layer] = norms, outliers
    return described
