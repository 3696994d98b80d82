"""The tables of the record: ``layers``, ``positions``, ``images`` and ``units``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.artefacts.registers.groups import GROUPS
from rivalry.artefacts.registers.register_units import RegisterUnit
from rivalry.artefacts.registers.reliance import REPLACEMENTS
from rivalry.artefacts.registers.rows import Row, column
from rivalry.recording.grid import Tokens

COLUMNS = (
    "median", "high", "largest", "threshold",
    "outlier_fraction", "images_with_outliers", "max_to_median", "high_to_median",
    "outlier_fraction_random", "images_with_outliers_random", "max_to_median_random",
    "participation_outlier", "participation_normal", "massive_images",
    *(f"{name}_{group}" for name in ("mass", "enrichment", "entropy") for group in GROUPS),
    "enrichment_permuted",
    "position_normal", "position_outlier", "position_gap", "position_gap_permuted",
    "global_class", "global_register", "global_outlier", "global_normal",
    "global_gap_register", "global_gap_outlier", "global_gap_permuted",
    *(f"reliance_{group}_{kind}" for group in ("register", "outlier", "permuted") for kind in REPLACEMENTS),
    "artefact_share", "artefact_lift", "artefact_share_permuted",
    "outlier_fraction_edited",
)  # fmt: skip
"""Numbers of the table ``layers``; null where a layer has nothing to say of them."""


def layer_table(rows: Mapping[str, Row], shown: Mapping[str, bool], channels: Mapping[str, int | None]) -> pa.Table:
    """A row a layer: whether it shows outliers, the channel in which most images have a massive activation, numbers."""
    return pa.table(
        {
            "layer": pa.array(rows, pa.string()),
            "shows_outliers": pa.array([shown[layer] for layer in rows], pa.bool_()),
            "massive_channel": pa.array([channels[layer] for layer in rows], pa.int64()),
            **{name: pa.array(column(rows, name), pa.float64()) for name in COLUMNS},
        }
    )


def position_table(
    norms: Mapping[str, Float[Tensor, "images patches"]],
    outliers: Mapping[str, Bool[Tensor, "images patches"]],
    layout: Tokens,
) -> pa.Table:
    """A row a layer and place: the mean norm, and the share of images whose patch there is an outlier."""
    places = torch.cartesian_prod(torch.arange(layout.height), torch.arange(layout.width)).reshape(-1, 2).T
    layers = list(norms)
    return pa.table(
        {
            "layer": pa.array([layer for layer in layers for _ in places[0]], pa.string()),
            "row": pa.array(places[0].tolist() * len(layers), pa.int64()),
            "column": pa.array(places[1].tolist() * len(layers), pa.int64()),
            "norm": pa.array([value for one in norms.values() for value in one.mean(0).tolist()], pa.float64()),
            "outlier_share": pa.array(
                [value for one in outliers.values() for value in one.float().mean(0).tolist()], pa.float64()
            ),
        }
    )


def image_table(
    index: Int[Tensor, " images"],
    norms: Float[Tensor, "images patches"],
    outliers: Bool[Tensor, "images patches"],
    median: float,
) -> pa.Table:
    """A row an image: how many outliers it has at one layer, and how long its longest patch is."""
    ratio = norms.amax(1) / (median or float("nan"))
    return pa.table(
        {
            "index": pa.array(index.tolist(), pa.int64()),
            "outliers": pa.array(outliers.sum(1).tolist(), pa.int64()),
            "max_to_median": pa.array(ratio.double().tolist(), pa.float64()),
        }
    )


def unit_table(units: Sequence[RegisterUnit]) -> pa.Table:
    """A row a unit that makes outliers: its mean |activation| at outliers and at other patches."""
    return pa.table(
        {
            "layer": pa.array([one.layer for one in units], pa.string()),
            "unit": pa.array([one.unit for one in units], pa.int64()),
            "outlier": pa.array([one.outlier for one in units], pa.float64()),
            "normal": pa.array([one.normal for one in units], pa.float64()),
        }
    )
