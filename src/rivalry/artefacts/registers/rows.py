"""The rows of the table ``layers``, part by part: numbers by name, NaN (in the table null) where nothing is known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.artefacts.registers.artefact_clusters import artefact_share
from rivalry.artefacts.registers.concentration import participation_ratio
from rivalry.artefacts.registers.examination import Examination
from rivalry.artefacts.registers.groups import summarise
from rivalry.artefacts.registers.linear_probes import class_score, place_score
from rivalry.artefacts.registers.outliers import Norms, describe_norms
from rivalry.artefacts.registers.reservoir import Kept
from rivalry.artefacts.registers.sample import Sample
from rivalry.recording.grid import Tokens

Row = dict[str, float]


def norm_row(norms: Float[Tensor, "images patches"]) -> tuple[Row, Norms]:
    """How long patches are, and how many are outliers."""
    found = describe_norms(norms)
    outliers = norms > found.threshold
    row = {
        "median": found.median,
        "high": found.high,
        "largest": found.largest,
        "threshold": found.threshold,
        "outlier_fraction": float(outliers.float().mean()),
        "images_with_outliers": float(outliers.any(1).float().mean()),
        "max_to_median": _ratio(found.largest, found.median),
        "high_to_median": _ratio(found.high, found.median),
    }
    return row, found


def concentration_row(kept: Kept, outliers: Bool[Tensor, "images patches"]) -> Row:
    """How few channels carry an outlier, and a patch that is none."""
    with_outlier, is_normal = _paired(kept, outliers)
    return {
        "participation_outlier": _mean(participation_ratio(kept.tokens["strongest"][with_outlier])),
        "participation_normal": _mean(participation_ratio(kept.tokens["normal"][is_normal])),
    }


def place_row(kept: Kept, outliers: Bool[Tensor, "images patches"], layout: Tokens, seed: int) -> Row:
    """What patches know of their place; the gap is of images that have both kinds."""
    grid = (layout.height, layout.width)
    with_outlier, is_normal = _paired(kept, outliers)
    both = with_outlier & is_normal

    def score(name: str, chosen: Tensor) -> float:
        return place_score(kept.tokens[name][chosen], kept.places[name][chosen], grid, seed=seed)

    outlier, normal, other = (score(name, both) for name in ("strongest", "normal", "other"))
    return {
        "position_normal": score("normal", is_normal),
        "position_outlier": outlier,
        "position_gap": normal - outlier,
        "position_gap_permuted": normal - other,
    }


def class_row(kept: Kept, outliers: Bool[Tensor, "images patches"], labels: Tensor | None, seed: int) -> Row:
    """What single tokens know of the class; the gap of outliers is of images that have both kinds of patches."""
    with_outlier, is_normal = _paired(kept, outliers)
    both = with_outlier & is_normal

    def score(name: str, chosen: Tensor) -> float:
        if labels is None or name not in kept.tokens:
            return math.nan
        return class_score(kept.tokens[name][chosen], labels[chosen], seed=seed)

    outlier, beside, other = (score(name, both) for name in ("strongest", "normal", "other"))
    register, normal = score("register", is_normal), score("normal", is_normal)
    return {
        "global_class": score("class", is_normal),
        "global_register": register,
        "global_outlier": outlier,
        "global_normal": normal,
        "global_gap_register": register - normal,
        "global_gap_outlier": outlier - beside,
        "global_gap_permuted": other - beside,
    }


def sample_row(layer: str, sample: Sample, found: Examination) -> Row:
    """Attention by group, massive activations and clusters of the sample."""
    images = len(sample.index)
    row = {"massive_images": found.massive_images[layer] / images}
    if layer in found.attention:
        row |= summarise(found.attention[layer], images)
    if layer in found.permuted:
        row["enrichment_permuted"] = summarise(found.permuted[layer], images)["enrichment_outlier"]
    if layer in found.clusters:
        row |= cluster_row(torch.cat(found.clusters[layer]), sample.outliers[layer], sample.permuted[layer])
    return row


def cluster_row(
    labels: Int[Tensor, "batch patches"],
    outliers: Bool[Tensor, "batch patches"],
    permuted: Bool[Tensor, "batch patches"],
) -> Row:
    """The share of clusters that are outliers."""
    share = artefact_share(labels, outliers)
    return {
        "artefact_share": share,
        "artefact_lift": _ratio(share, float(outliers.float().mean())),
        "artefact_share_permuted": artefact_share(labels, permuted),
    }


def strongest_layer(rows: Mapping[str, Row]) -> str:
    """The layer with most outliers; of several, or where there are none, the one whose largest norm stands out most."""
    return max(rows, key=lambda layer: (rows[layer]["outlier_fraction"], rows[layer]["max_to_median"]))


def column(rows: Mapping[str, Row], name: str) -> list[float | None]:
    """A column of the table, null where nothing is known."""
    values: Sequence[float] = [row.get(name, math.nan) for row in rows.values()]
    return [None if math.isnan(value) else float(value) for value in values]


def _paired(kept: Kept, outliers: Tensor) -> tuple[Tensor, Tensor]:
    """Images whose strongest patch is an outlier, and those whose two drawn patches are none."""
    drawn = torch.stack([kept.places["normal"], kept.places["other"]], dim=1)
    return outliers.any(1), ~outliers.gather(1, drawn).any(1)


def _mean(values: Tensor) -> float:
    return float(values.mean()) if len(values) else math.nan


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
