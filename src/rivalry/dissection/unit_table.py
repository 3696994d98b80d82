"""The table of a dissection, one row a unit, and the numbers that sum it up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from rivalry.dissection.judge import Judgement, Verdict
from rivalry.dissection.layer_stream import LayerSummary
from rivalry.dissection.likeness import Likeness
from rivalry.dissection.naming import Name

_COLUMNS = {
    "layer": pa.string(),
    "unit": pa.int64(),
    "label": pa.string(),
    "score": pa.float64(),
    "runner_up": pa.string(),
    "margin": pa.float64(),
    "wins": pa.int64(),
    "win_rate": pa.float64(),
    "mean": pa.float64(),
    "dead": pa.bool_(),
    "top_images": pa.list_(pa.int64()),
    "clarity": pa.float64(),
    "redundancy": pa.float64(),
    "polysemanticity": pa.float64(),
    "monosemanticity": pa.float64(),
}
JUDGED = {
    "true_concept": pa.string(),
    "pearson": pa.float64(),
    "auprc": pa.float64(),
    "iou": pa.float64(),
    "label_pearson": pa.float64(),
    "label_auprc": pa.float64(),
    "label_iou": pa.float64(),
    "confirmed": pa.bool_(),
}
"""Columns of a judgement."""

LIKENESS = ("clarity", "redundancy", "polysemanticity", "monosemanticity")


@dataclass(frozen=True)
class NamedLayer:
    """A layer, its units' names, how alike their images are, and, where masks are, the judgement on the names.

    Attributes:
        summary: What was heard.
        names: One a unit.
        likeness: Of the units' top images.
        verdict: On the names, where masks are.
    """

    summary: LayerSummary
    names: Sequence[Name]
    likeness: Likeness
    verdict: Verdict | None


def unit_table(layers: Mapping[str, NamedLayer]) -> pa.Table:
    """One row a unit.

    Columns: ``layer``, ``unit``; ``label``, ``score``, ``runner_up``, ``margin`` (empty or null for a dead unit);
    ``wins`` (images in which it won at least once), ``win_rate`` (mean share of positions won), ``mean`` (of the pooled
    activation), ``dead``; ``top_images`` (indices, strongest first, real wins only); ``clarity``, ``redundancy``,
    ``polysemanticity``, ``monosemanticity`` (null where there are too few images). Where masks are also those of
    :func:`judged_row`; ``confirmed`` is null for a dead unit.
    """
    rows = [row for layer, named in layers.items() for row in _rows(layer, named)]
    judged = any(named.verdict for named in layers.values())
    fields = {**_COLUMNS, **(JUDGED if judged else {})}
    return pa.Table.from_pylist(rows, schema=pa.schema(list(fields.items())))


def judged_row(judgement: Judgement) -> dict[str, object]:
    """The columns ``JUDGED``.

    ``true_concept`` with ``pearson``, ``auprc``, ``iou`` (the best concept and how well the unit agrees with it; empty,
    0 and null where none correlates positively); ``label_pearson``, ``label_auprc``, ``label_iou`` (null where the
    label is no concept of the data set); ``confirmed``.
    """
    row: dict[str, object] = {"true_concept": judgement.true_concept, "confirmed": judgement.confirmed}
    for prefix, agreement in (("", judgement.true), ("label_", judgement.label)):
        for name in ("pearson", "auprc", "iou"):
            row[f"{prefix}{name}"] = None if agreement is None else _known(getattr(agreement, name))
    return {**row, "pearson": row["pearson"] or 0.0}


def summary_scalars(layers: Mapping[str, NamedLayer]) -> dict[str, float]:
    """Numbers over all layers.

    ``units``, ``dead_units``; ``distinct_concepts`` (different labels), ``mean_margin``, ``mean_win_rate``; the means
    of ``clarity``, ``redundancy``, ``polysemanticity`` and ``monosemanticity``. Where masks are also those of
    :func:`agreement_scalars` over living units, each with a ``…_floor``: what is to be expected of the same labels
    dealt out at random within each layer.
    """
    names = [name for one in layers.values() for name in one.names]
    living = [name for name in names if name.label]
    scalars = {
        "units": float(len(names)),
        "dead_units": float(len(names) - len(living)),
        "distinct_concepts": float(len({name.label for name in living})),
        "mean_margin": mean_of_known([name.margin for name in living]),
        "mean_win_rate": mean_of_known([rate for one in layers.values() for rate in one.summary.win_rate.tolist()]),
    }
    for score in LIKENESS:
        scalars[score] = mean_of_known([v for one in layers.values() for v in getattr(one.likeness, score).tolist()])
    judged = [(one.names, one.verdict) for one in layers.values() if one.verdict is not None]
    if not judged:
        return scalars
    alive = [[j for name, j in zip(names, v.judgements, strict=True) if name.label] for names, v in judged]
    floors: dict[str, float] = {"confirmed": _weighted([v.confirmed_floor for _, v in judged], map(len, alive))}
    known = [sum(judgement.label is not None for judgement in layer) for layer in alive]
    for name in ("pearson", "auprc", "iou"):
        floors[f"label_{name}"] = _weighted([getattr(verdict.floor, name) for _, verdict in judged], known)
    found = agreement_scalars([judgement for layer in alive for judgement in layer])
    return {**scalars, **found, **{f"{name}_floor": value for name, value in floors.items()}}


def agreement_scalars(judgements: Sequence[Judgement]) -> dict[str, float]:
    """``confirmed``, ``label_pearson``, ``label_auprc``, ``label_iou``.

    The first is the share of labels that the masks confirm, the others are means over labels that are concepts.
    """
    scalars = {"confirmed": mean_of_known([float(judgement.confirmed) for judgement in judgements])}
    for name in ("pearson", "auprc", "iou"):
        values = [getattr(judgement.label, name) for judgement in judgements if judgement.label is not None]
        scalars[f"label_{name}"] = mean_of_known(values)
    return scalars


def clearest_units(layers: Mapping[str, NamedLayer], count: int, top_k: int) -> list[tuple[str, int]]:
    """The living units of the largest margins, one a label, as (layer, unit).

    A margin that rests on few images scatters, and so is often large. Units that won in fewer than ``top_k`` images
    therefore come after all others, with a label only that none of those has.

    Args:
        layers: The named units.
        count: At most so many.
        top_k: Images that a margin is made of.
    """
    ranked = sorted(
        (wins < top_k, -name.margin, layer, unit)
        for layer, one in layers.items()
        for unit, (name, wins) in enumerate(zip(one.names, one.summary.top.wins.tolist(), strict=True))
        if name.margin is not None
    )
    first: dict[str, tuple[str, int]] = {}
    for _, _, layer, unit in ranked:
        first.setdefault(layers[layer].names[unit].label, (layer, unit))
    return list(first.values())[:count]


def _rows(layer: str, named: NamedLayer) -> list[dict[str, object]]:
    summary = named.summary
    wins, images = summary.top.wins.tolist(), summary.top.images.tolist()
    rates, means = summary.win_rate.tolist(), summary.mean.tolist()
    rows: list[dict[str, object]] = [
        {
            "layer": layer,
            "unit": unit,
            "label": name.label,
            "score": name.score,
            "runner_up": name.runner_up,
            "margin": name.margin,
            "wins": wins[unit],
            "win_rate": rates[unit],
            "mean": means[unit],
            "dead": wins[unit] == 0,
            "top_images": [index for index in images[unit] if index >= 0],
        }
        for unit, name in enumerate(named.names)
    ]
    for score in LIKENESS:
        for row, value in zip(rows, getattr(named.likeness, score).tolist(), strict=True):
            row[score] = _known(value)
    for row, judgement in zip(rows, named.verdict.judgements if named.verdict else (), strict=False):
        row |= judged_row(judgement)
        row["confirmed"] = None if row["dead"] else judgement.confirmed
    return rows


def mean_of_known(values: Iterable[float | None]) -> float:
    """Mean of what is neither None nor NaN; NaN where nothing is."""
    known = [value for value in values if value is not None and not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _weighted(values: Iterable[float], weights: Iterable[int]) -> float:
    """Mean of layers by their numbers of labels, without those that have none."""
    pairs = [(value, weight) for value, weight in zip(values, weights, strict=True) if weight and not math.isnan(value)]
    return sum(value * weight for value, weight in pairs) / sum(weight for _, weight in pairs) if pairs else math.nan


def _known(value: float) -> float | None:
    """Null in a table where a number is not to be had."""
    return None if math.isnan(value) else value
