"""What the blocks do with the sample: who looks at whom, which units are at work, how patches cluster."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rivalry.artefacts.registers.artefact_clusters import cluster_patches
from rivalry.artefacts.registers.concentration import massive_activations
from rivalry.artefacts.registers.groups import GroupAttention, attention_by_group, token_groups
from rivalry.artefacts.registers.register_units import UnitContrast
from rivalry.artefacts.registers.sample import Sample
from rivalry.artefacts.registers.walk import Heard, walking
from rivalry.lwta.layer import drawing_aside
from rivalry.recording.grid import Tokens
from rivalry.recording.observation import Listening


@dataclass
class Examination:
    """What was found.

    Attributes:
        attention: Sums by group of token, of the layers whose attention can be heard.
        permuted: The same with the permuted mask, of those that have outliers.
        clusters: Of those that have outliers, the cluster of every patch, batch by batch.
        massive: Images with a massive activation in each channel.
        massive_images: Images with one in any.
        units: How active the MLPs' units are at outliers and elsewhere.
        tokens: Outputs of the layer that was asked for, batch by batch.
        logits: The network's output, batch by batch.
    """

    attention: dict[str, GroupAttention] = field(default_factory=dict)
    permuted: dict[str, GroupAttention] = field(default_factory=dict)
    clusters: dict[str, list[Int[Tensor, "batch patches"]]] = field(default_factory=dict)
    massive: dict[str, Int[Tensor, " channels"]] = field(default_factory=dict)
    massive_images: dict[str, int] = field(default_factory=dict)
    units: UnitContrast = field(default_factory=UnitContrast)
    tokens: list[Float[Tensor, "batch tokens channels"]] = field(default_factory=list)
    logits: list[Float[Tensor, "batch classes"]] = field(default_factory=list)


class Examiner:
    """Visits the layers while the sample passes.

    Args:
        sample: The images.
        layout: Of the layers' tokens.
        kept: Layer whose outputs are kept.
        origin: Layer whose outliers the units up to it are asked about.
        seed: Of the clusters.
    """

    def __init__(self, sample: Sample, layout: Tokens, *, kept: str, origin: str, seed: int) -> None:
        self.sample, self.layout, self.kept, self.seed = sample, layout, kept, seed
        layers = list(sample.outliers)
        self.origin, self.upstream = origin, layers[: layers.index(origin) + 1]
        self.found = Examination()
        self._rows = slice(0, 0)

    def run(self, listening: Listening, network: nn.Module) -> Examination:
        """Let the sample pass."""
        with drawing_aside(network), walking(network, list(self.sample.outliers), self.visit):
            for rows in self.sample.batches():
                self._rows = rows
                self.found.logits.append(listening.forward(network, self.sample.images[rows]).float())
        return self.found

    def visit(self, layer: str, heard: Heard) -> None:
        """Look at a layer's pass over one batch."""
        if heard.attention is not None:
            self._see_attention(layer, heard.attention())
        with torch.autocast(heard.tokens.device.type, enabled=False):  # only the attention is the pass' own work
            self._see_tokens(layer, heard)

    def _see_tokens(self, layer: str, heard: Heard) -> None:
        self._see_massive(layer, heard.tokens)
        if bool(self.sample.outliers[layer].any()):
            patches, index = heard.tokens[:, self.layout.prefix :], self.sample.index[self._rows]
            self.found.clusters.setdefault(layer, []).append(cluster_patches(patches, index, seed=self.seed))
        if layer == self.kept:
            self.found.tokens.append(heard.tokens)
        if layer in self.upstream and heard.units is not None:
            asked = self.sample.outliers[self.origin][self._rows]
            self.found.units.update(layer, heard.units[:, self.layout.prefix :], asked)

    def _see_massive(self, layer: str, tokens: Tensor) -> None:
        massive, found = massive_activations(tokens), self.found
        found.massive[layer] = found.massive.get(layer, 0) + massive.sum(0)
        found.massive_images[layer] = found.massive_images.get(layer, 0) + int(massive.any(1).sum())

    def _see_attention(self, layer: str, attention: Tensor) -> None:
        outliers, permuted = self.sample.outliers[layer], self.sample.permuted[layer]
        _add(self.found.attention, layer, attention_by_group(attention, self._groups(outliers)))
        if bool(outliers.any()):
            _add(self.found.permuted, layer, attention_by_group(attention, self._groups(permuted)))

    def _groups(self, outliers: Tensor) -> Tensor:
        return token_groups(self.layout, outliers[self._rows])


def _add(sums: dict[str, GroupAttention], layer: str, part: GroupAttention) -> None:
    old = sums.get(layer)
    sums[layer] = part if old is None else GroupAttention(*(one + more for one, more in zip(old, part, strict=True)))
