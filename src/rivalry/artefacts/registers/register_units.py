"""Which units of the MLPs make the outliers: those that are far more active at outlier tokens than at others.

Jiang et al., "Vision Transformers Don't Need Trained Registers" (NeurIPS 2025) rank units by their mean |activation| at
outlier tokens. Units beyond the layer at which the outliers come up are left out: they may read what others wrote. Our
operationalisation beyond that: of the ``count`` units whose mean |activation| is most above that at normal patches,
those are taken that exceed it ``EXCESS`` times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from rivalry.artefacts.registers.blocks import resolve_blocks
from rivalry.artefacts.registers.outliers import describe_norms
from rivalry.artefacts.registers.walk import Heard, walking
from rivalry.recording.grid import token_layout
from rivalry.recording.undisturbed import undisturbed

EXCESS = 3.0


@dataclass(frozen=True)
class RegisterUnit:
    """A unit that is at work where outliers are.

    Attributes:
        layer: Dotted name of its block.
        unit: Its number in the block's MLP.
        outlier: Mean |activation| at outlier patches.
        normal: Mean |activation| at all other patches.
    """

    layer: str
    unit: int
    outlier: float
    normal: float


class UnitContrast:
    """Mean |activation| of units at outlier patches and at others, layer by layer, summed up over batches."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, Tensor] = {}

    def update(
        self, layer: str, units: Float[Tensor, "batch patches units"], outliers: Bool[Tensor, "batch patches"]
    ) -> None:
        """Add a batch of a layer's patches."""
        chosen = torch.stack([outliers, ~outliers]).to(units.device).float()
        sums = torch.einsum("gbp,bpu->gu", chosen, units.float().abs()).double()
        self._sums[layer] = self._sums.get(layer, 0) + sums
        self._counts[layer] = self._counts.get(layer, 0) + chosen.sum((1, 2)).double()

    def strongest(self, count: int) -> list[RegisterUnit]:
        """The units that are most above what they are at normal patches, the furthest above first."""
        found = []
        for layer, sums in self._sums.items():
            outlier, normal = sums / self._counts[layer][:, None].clamp(min=1)
            clear = torch.where(outlier > EXCESS * normal, outlier - normal, -torch.inf)
            for unit in clear.topk(min(count, len(clear))).indices.tolist():
                if clear[unit] > 0:
                    found.append(RegisterUnit(layer, unit, float(outlier[unit]), float(normal[unit])))
        return sorted(found, key=lambda one: one.normal - one.outlier)[:count]


def onset(shares: Mapping[str, float]) -> str:
    """The first layer that has half as many outliers as the layer with most.

    >>> onset({"blocks.0": 0.0, "blocks.1": 0.01, "blocks.2": 0.012})
    'blocks.1'
    """
    return next(layer for layer, share in shares.items() if share >= max(shares.values()) / 2)


def units_by_layer(units: Iterable[RegisterUnit]) -> dict[str, list[int]]:
    """The numbers of units by their layer, as :func:`rivalry.artefacts.with_test_time_registers` takes them.

    >>> units_by_layer([RegisterUnit("blocks.1", 7, 5.0, 0.1), RegisterUnit("blocks.1", 2, 4.0, 0.2)])
    {'blocks.1': [7, 2]}
    """
    found: dict[str, list[int]] = {}
    for one in units:
        found.setdefault(one.layer, []).append(one.unit)
    return found


def find_register_units(
    network: nn.Module,
    inputs: Float[Tensor, "batch 3 height width"],
    *,
    layers: Sequence[str] | None = None,
    count: int = 10,
) -> list[RegisterUnit]:
    """Find the units of a network that make its outliers, from a batch of its inputs.

    Args:
        network: A vision transformer; left as it is.
        inputs: Normalised as the network wants them.
        layers: Its blocks; found by themselves where it keeps them as timm, torchvision or open_clip do.
        count: How many units at most.

    Returns:
        The units, those that differ most first; none where there are no outliers.

    Raises:
        ValueError: For a network without blocks.
    """
    blocks = resolve_blocks(network, layers)
    outputs: dict[str, Tensor] = {}
    contrast = UnitContrast()
    with undisturbed(network):
        with walking(network, blocks, lambda layer, heard: outputs.update({layer: heard.tokens})):
            network(inputs)
        first = next(iter(outputs.values()))
        layout = token_layout(network, first.shape[1], (inputs.shape[2], inputs.shape[3]))
        norms = {layer: tokens[:, layout.prefix :].float().norm(dim=2) for layer, tokens in outputs.items()}
        masks = {layer: values > describe_norms(values).threshold for layer, values in norms.items()}
        begin = onset({layer: float(mask.float().mean()) for layer, mask in masks.items()})
        if not bool(masks[begin].any()):
            return []

        def compare(layer: str, heard: Heard) -> None:
            if heard.units is not None:
                contrast.update(layer, heard.units[:, layout.prefix :], masks[begin])

        with walking(network, blocks[: blocks.index(begin) + 1], compare):
            network(inputs)
    return contrast.strongest(count)
