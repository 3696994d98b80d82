"""The naturalness of all targets together: a row for every method and layer, and what these come down to.

The mean curve is that of the mean similarities,

    Σ_c (s(nat_c, vis_c) − s(nat_c, nat_≠c)) / Σ_c (s(nat_c, nat'_c) − s(nat_c, nat_≠c))

and no mean of quotients, of which a single target without a scale would be the greatest part.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import torch

from rivalry.numerics.bootstrap import Interval, bootstrap
from rivalry.prototypes.naturalness.path_rows import Row

OURS, PLAIN = "prototype", "fourier"
"""The method that is judged, and the baseline that it is held against."""

_POINT, _ABOVE = ("normalised", "low", "high"), ("above", "above_low", "above_high")

NATURALNESS_LAYERS = pa.schema(
    [
        *[("method", pa.string()), ("layer", pa.string()), ("depth", pa.int64()), ("targets", pa.int64())],
        *[(name, pa.float64()) for name in ("spearman", "same_spearman", "other_spearman", *_POINT, *_ABOVE)],
    ]
)
"""Columns of the table ``naturalness_layers``; what they mean is told in ``docs/naturalness.md``."""


@dataclass(frozen=True)
class _Target:
    """Spearman similarities of a target's pictures at a layer: to the prototype, each other, and other pictures."""

    prototype: float
    same: float
    other: float
    told: bool  # whether the layer tells its pictures from others


def layer_rows(rows: Sequence[Row], *, seed: int = 0) -> list[Row]:
    """Put targets together, layer by layer.

    Args:
        rows: Of the table ``naturalness``. Copies of a target count as one, their mean.
        seed: Of the draws for intervals, which are over targets.

    Returns:
        Rows of :data:`NATURALNESS_LAYERS`, by method and then from shallow to deep. ``above`` is by how much ours is
        above the plain baseline, over targets that have both, on the scale of the curve; known in rows of ours alone.
        None where a number is not known: where the layer does not tell targets' pictures from others, and, of
        intervals, of a single target.
    """
    methods = list(dict.fromkeys(row["method"] for row in rows))
    depths = {row["layer"]: row["depth"] for row in rows}
    found = _by_target(rows)
    made = []
    for method in methods:
        for layer in sorted(depths, key=depths.__getitem__):
            targets = found[method, layer]
            plain = found[PLAIN, layer] if method == OURS else {}
            key = {"method": method, "layer": layer, "depth": depths[layer], "targets": len(targets)}
            made.append(key | _columns(targets, plain, seed))
    return made


def headline(rows: Sequence[Row]) -> dict[str, float]:
    """What the layers come down to: scalars of a record.

    Args:
        rows: Of the table ``naturalness_layers``.

    Returns:
        ``naturalness`` and, of the plain baseline, ``naturalness_plain``: medians over those layers that have a scale
        (of a mean, the layer of the smallest scale would be the greatest part), whose share is ``layers_with_scale``;
        and ``layers_above_plain``, the share of them in which ours is above the baseline. ``layers_more_alike`` is the
        share of all layers in which ours is more like the targets' pictures, scale or none. NaN where nothing is known.
    """
    ours = [row for row in rows if row["method"] == OURS]
    plain = {row["layer"]: row for row in rows if row["method"] == PLAIN}
    known = [row for row in ours if row["normalised"] is not None]
    pairs = [(row["spearman"], plain[row["layer"]]["spearman"]) for row in ours if row["layer"] in plain]
    return {
        "naturalness": _median([row["normalised"] for row in known]),
        "naturalness_plain": _median([row["normalised"] for row in plain.values() if row["normalised"] is not None]),
        "layers_above_plain": _mean([float(row["above"] > 0) for row in known if row["above"] is not None]),
        "layers_more_alike": _mean([float(own > base) for own, base in pairs if None not in (own, base)]),
        "layers_with_scale": len(known) / len(ours) if ours else math.nan,
    }


def _by_target(rows: Sequence[Row]) -> Mapping[tuple[str, str], Mapping[str, _Target]]:
    """By method and layer; without targets whose pictures are too few to be held against each other."""
    copies: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if None not in (row["spearman"], row["same_spearman"], row["other_spearman"]):
            copies[row["method"], row["layer"], row["target"]].append(row)
    found: dict[tuple[str, str], dict[str, _Target]] = defaultdict(dict)
    for (method, layer, target), own in copies.items():
        prototype = _mean([row["spearman"] for row in own])
        told = own[0]["normalised"] is not None
        found[method, layer][target] = _Target(prototype, own[0]["same_spearman"], own[0]["other_spearman"], told)
    return found


def _columns(targets: Mapping[str, _Target], plain: Mapping[str, _Target], seed: int) -> Row:
    each = list(targets.values())
    both = [(one, plain[target]) for target, one in targets.items() if target in plain]
    point = _quotient([one.prototype - one.other for one in each], each, seed)
    above = _quotient([one.prototype - base.prototype for one, base in both], [one for one, _ in both], seed)
    columns = {
        "spearman": _mean([one.prototype for one in each]),
        "same_spearman": _mean([one.same for one in each]),
        "other_spearman": _mean([one.other for one in each]),
        **dict(zip((*_POINT, *_ABOVE), (*point, *above), strict=True)),
    }
    return {name: value if math.isfinite(value) else None for name, value in columns.items()}


def _quotient(parts: Sequence[float], targets: Sequence[_Target], seed: int) -> Interval:
    """Σ parts / Σ scales with its interval over targets; NaN where the layer tells none, or not surely all together."""
    table = torch.tensor([parts, [one.same - one.other for one in targets]], dtype=torch.float64)
    found = bootstrap(
        lambda weights: {"scale": weights @ table[1], "quotient": (weights @ table[0]) / (weights @ table[1])},
        len(targets),
        seed=seed,
    )
    told = any(one.told for one in targets) and found["scale"].low > 0
    value = found["quotient"].value if told else math.nan
    ends = found["quotient"][1:] if told and len(targets) > 1 else (math.nan, math.nan)
    return Interval(value, *ends)


def _mean(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers) if numbers else math.nan


def _median(numbers: Sequence[float]) -> float:
    return statistics.median(numbers) if numbers else math.nan
