"""What the sample comes out as when the network is changed: tokens replaced, units moved, weights forgotten."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from rivalry.artefacts.registers.blocks import blocks_before
from rivalry.artefacts.registers.register_units import RegisterUnit, units_by_layer
from rivalry.artefacts.registers.reliance import REPLACEMENTS, Replacement, giving, replace_each, replace_tokens
from rivalry.artefacts.registers.rows import Row, norm_row
from rivalry.artefacts.registers.sample import BATCH, Sample, hearing_norms
from rivalry.artefacts.registers.test_time import with_test_time_registers
from rivalry.recording.grid import Tokens
from rivalry.recording.observation import Listening
from rivalry.recording.random_twin import random_twin_of


def reliance_row(
    listening: Listening,
    network: nn.Module,
    layer: str,
    sample: Sample,
    tokens: Tensor,
    accuracy: float,
    layout: Tokens,
) -> Row:
    """The accuracy that is lost when registers, outliers, or as many drawn patches, are replaced at a layer."""
    row: Row = {}
    before = [network.get_submodule(one) for one in blocks_before(network, layer)]
    for kind in REPLACEMENTS:
        for group, replaced in _replaced(layer, sample, tokens, layout, kind).items():
            if math.isnan(accuracy) or replaced is None:
                continue
            with giving(network.get_submodule(layer), replaced, skipping=before):
                row[f"reliance_{group}_{kind}"] = accuracy - sample.accuracy(sample.forward(listening, network))
    return row


def edited_rows(
    listening: Listening,
    network: nn.Module,
    units: Sequence[RegisterUnit],
    sample: Sample,
    thresholds: Mapping[str, float],
    layout: Tokens,
) -> tuple[dict[str, float], float]:
    """Share of outliers by layer, by the thresholds of before, and the accuracy, once the units are in a register."""
    layers = list(thresholds)
    with (
        with_test_time_registers(network, units_by_layer(units), layers=layers),
        hearing_norms(network, layout, layers) as norms,
    ):
        accuracy = sample.accuracy(sample.forward(listening, network))
    shares = {layer: float((torch.cat(norms[layer]) > thresholds[layer]).float().mean()) for layer in layers}
    return shares, accuracy


def random_rows(
    listening: Listening, layers: Sequence[str], sample: Sample, layout: Tokens, seed: int
) -> dict[str, Row]:
    """The norms of the same architecture with random weights, and the outliers by its own thresholds."""
    twin = random_twin_of(listening, sample.index[:BATCH], seed=seed)
    with hearing_norms(twin, layout, layers) as norms:
        sample.forward(listening, twin)
    rows = {layer: norm_row(torch.cat(parts))[0] for layer, parts in norms.items()}
    wanted = ("outlier_fraction", "images_with_outliers", "max_to_median")
    return {layer: {f"{name}_random": row[name] for name in wanted} for layer, row in rows.items()}


def _replaced(
    layer: str, sample: Sample, tokens: Tensor, layout: Tokens, kind: Replacement
) -> dict[str, Tensor | None]:
    """Tokens of the sample with each group replaced that is there."""
    found: dict[str, Tensor | None] = {}
    if layout.registers:
        found["register"] = replace_each(tokens, range(int(layout.class_token), layout.prefix), kind)
    if bool(sample.outliers[layer].any()):
        found["outlier"] = replace_tokens(tokens, _behind_prefix(sample.outliers[layer], layout), kind)
        found["permuted"] = replace_tokens(tokens, _behind_prefix(sample.permuted[layer], layout), kind)
    return found


def _behind_prefix(mask: Bool[Tensor, "batch patches"], layout: Tokens) -> Bool[Tensor, "batch tokens"]:
    return torch.cat([mask.new_zeros(len(mask), layout.prefix), mask], dim=1)
