"""The tables of a record of clusters: label maps, scores of each picture, depths, and floors beside each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import cast

import pyarrow as pa
import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from rivalry.clusters.judgement import CLUSTERS, Judged
from rivalry.clusters.maps import LabelMaps
from rivalry.numerics.matching import adjusted_rand_index, contingency
from rivalry.records import Record

ALL = "all"
"""Stands for all depths together where a layer's name would stand."""


def map_table(maps: LabelMaps, layers: Sequence[str]) -> pa.Table:
    """A row for each picture and view: ``index``, ``layer``, ``clusters``, ``labels`` (bytes, row by row)."""
    packed = maps.labels.to(torch.uint8).cpu().numpy()
    views = [ALL, *layers]
    return pa.table(
        {
            "index": pa.array([index for index in maps.index.tolist() for _ in views], pa.int64()),
            "layer": pa.array(views * len(maps.index), pa.string()),
            "clusters": pa.array([count for count in maps.clusters.tolist() for _ in views], pa.int64()),
            "labels": pa.array([view.tobytes() for picture in packed for view in picture], pa.binary()),
        }
    )


def unpack_labels(record: Record, layer: str = ALL) -> Int[Tensor, "batch height width"]:
    """The labels of a view of all pictures of a record, by ascending index."""
    rows = [row["labels"] for row in record.tables["maps"].to_pylist() if row["layer"] == layer]
    height, width = cast("list[int]", record.settings["grid"])
    return (
        torch.stack([torch.frombuffer(bytearray(row), dtype=torch.uint8) for row in rows])
        .view(-1, height, width)
        .long()
    )


def earlier_labels(record: Record | None, maps: LabelMaps, dataset: str) -> Int[Tensor, "batch height width"] | None:
    """The labels of the same pictures in an earlier record, all depths together.

    Args:
        record: Of the epoch before, if there is one.
        maps: Those of now.
        dataset: Fingerprint of the pictures.

    Returns:
        None where there is no earlier record, or one of other pictures or another grid.
    """
    if record is None or record.settings["dataset"] != dataset:
        return None
    labels = unpack_labels(record)
    known = record.tables["images"]["index"].to_pylist()
    if known != maps.index.tolist() or labels.shape[1:] != maps.labels.shape[2:]:
        return None
    return labels.to(maps.labels.device)


def rand_index(
    first: Int[Tensor, "batch height width"], second: Int[Tensor, "batch height width"]
) -> Float[Tensor, " batch"]:
    """Adjusted Rand index of each picture's two label maps, on their grid."""
    sizes = int(first.amax()) + 1, int(second.amax()) + 1
    return adjusted_rand_index(contingency(first.flatten(1), second.flatten(1), sizes)).cpu()


def scalars(maps: LabelMaps, drift: Mapping[str, Tensor], judged: Judged | None) -> dict[str, float]:
    """Means over the pictures; those of the floors end in ``_slic`` and ``_random``."""
    found = {"clusters": mean(maps.clusters), "silhouette": mean(maps.silhouette)}
    found |= {name: mean(values) for name, values in drift.items()}
    return found | {name: mean(values) for name, values in _scores(judged).items()}


def all_tables(
    maps: LabelMaps, layers: Sequence[str], drift: Mapping[str, Tensor], judged: Judged | None
) -> dict[str, pa.Table]:
    """The tables of a record: ``maps``, ``images``, ``depths``, and ``scores`` where there are masks."""
    found = {
        "maps": map_table(maps, layers),
        "images": image_table(maps, {**drift, **_scores(judged)}),
        "depths": depth_table(maps, layers, judged),
    }
    return found if judged is None else found | {"scores": score_table(judged)}


def image_table(maps: LabelMaps, columns: Mapping[str, Tensor]) -> pa.Table:
    """A row for each picture: ``index``, ``clusters``, ``silhouette``, and scores by name; null where there is none."""
    return pa.table(
        {
            "index": pa.array(maps.index.tolist(), pa.int64()),
            "clusters": pa.array(maps.clusters.tolist(), pa.int64()),
            "silhouette": _column(maps.silhouette),
        }
        | {name: _column(values) for name, values in columns.items()}
    )


def depth_table(maps: LabelMaps, layers: Sequence[str], judged: Judged | None) -> pa.Table:
    """A row for each layer clustered alone: ``ari_all`` to all together, ``ari_next`` to the next one, mean scores."""
    together, *alone = maps.labels.unbind(1)
    to_next = [mean(rand_index(*pair)) for pair in pairwise(alone)]
    scores = {} if judged is None else dict(zip(judged.names, judged.depths.double().nanmean(1).T, strict=True))
    return pa.table(
        {
            "layer": pa.array(layers, pa.string()),
            "ari_all": pa.array([mean(rand_index(one, together)) for one in alone], pa.float64()),
            "ari_next": pa.array([*to_next, None], pa.float64()),
        }
        | {name: _column(values) for name, values in scores.items()}
    )


def score_table(judged: Judged) -> pa.Table:
    """A row for each method, the clusters and their floors: ``method`` and mean scores."""
    means = torch.stack([values.double().nanmean(0) for values in judged.methods.values()])
    columns = {name: _column(values) for name, values in zip(judged.names, means.T, strict=True)}
    return pa.table({"method": pa.array(judged.methods, pa.string()), **columns})


def mean(values: Shaped[Tensor, " batch"]) -> float:
    """Mean over the pictures of which something is known; NaN without any."""
    return float(values.double().nanmean())


def _scores(judged: Judged | None) -> dict[str, Tensor]:
    """Scores of each picture by name; those of floors have theirs behind."""
    found: dict[str, Tensor] = {}
    if judged is None:
        return found
    for method, values in judged.methods.items():
        end = "" if method == CLUSTERS else f"_{method}"
        found |= {f"{name}{end}": column for name, column in zip(judged.names, values.T, strict=True)}
    return found


def _column(values: Shaped[Tensor, " rows"]) -> pa.Array:
    """Numbers, null where nothing is known."""
    return pa.array([None if math.isnan(one) else one for one in values.tolist()], pa.float64())
