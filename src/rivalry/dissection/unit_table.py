"""The table of a dissection, one row a unit, and the numbers that sum it up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from rivalry.dissection.judge import Judgement, confirmed_by_chance
from rivalry.dissection.layer_stream import LayerSummary
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
}
_JUDGED = {
    "true_concept": pa.string(),
    "pearson": pa.float64(),
    "label_pearson": pa.float64(),
    "confirmed": pa.bool_(),
}


@dataclass(frozen=True)
class NamedLayer:
    """A layer, its units' names, and, where masks are, the judgement on them.

    Attributes:
        summary: What was heard.
        names: One a unit.
        judgements: One a unit, or none at all.
    """

    summary: LayerSummary
    names: Sequence[Name]
    judgements: Sequence[Judgement]


def unit_table(layers: Mapping[str, NamedLayer]) -> pa.Table:
    """One row a unit.

    Columns: ``layer``, ``unit``; ``label``, ``score``, ``runner_up``, ``margin`` (empty or null for a dead unit);
    ``wins`` (images in which it won at least once), ``win_rate`` (mean share of positions won), ``mean`` (of the pooled
    activation), ``dead``; ``top_images`` (indices, strongest first, real wins only). Where masks are also
    ``true_concept`` and ``pearson`` (the best concept and its correlation), ``label_pearson`` (null where the label is
    no concept of the data set) and ``confirmed`` (null for a dead unit).
    """
    rows = [row for layer, named in layers.items() for row in _rows(layer, named)]
    judged = any(named.judgements for named in layers.values())
    fields = {**_COLUMNS, **(_JUDGED if judged else {})}
    return pa.Table.from_pylist(rows, schema=pa.schema(list(fields.items())))


def summary_scalars(layers: Mapping[str, NamedLayer]) -> dict[str, float]:
    """Numbers over all layers.

    ``units``, ``dead_units``; ``distinct_concepts`` (different labels), ``mean_margin``, ``mean_win_rate``; where masks
    are also ``confirmed`` (share of living units whose label the masks confirm), ``confirmed_floor`` (the share to be
    expected of the same labels dealt out at random within each layer) and ``label_pearson`` (mean, over labels that are
    concepts).
    """
    names = [name for one in layers.values() for name in one.names]
    living = [name for name in names if name.label]
    scalars = {
        "units": float(len(names)),
        "dead_units": float(len(names) - len(living)),
        "distinct_concepts": float(len({name.label for name in living})),
        "mean_margin": _mean([name.margin for name in living]),
        "mean_win_rate": _mean([rate for one in layers.values() for rate in one.summary.win_rate.tolist()]),
    }
    if not any(one.judgements for one in layers.values()):
        return scalars
    alive = [
        [(judgement, name.label) for judgement, name in zip(one.judgements, one.names, strict=True) if name.label]
        for one in layers.values()
    ]
    judgements = [judgement for layer in alive for judgement, _ in layer]
    by_chance = sum(confirmed_by_chance([j for j, _ in layer], [label for _, label in layer]) for layer in alive)
    return {
        **scalars,
        "confirmed": _mean([float(judgement.confirmed) for judgement in judgements]),
        "confirmed_floor": by_chance / len(judgements) if judgements else math.nan,
        "label_pearson": _mean([judgement.label_pearson for judgement in judgements]),
    }


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
    for row, judgement in zip(rows, named.judgements, strict=False):
        row["true_concept"] = judgement.true_concept
        row["pearson"] = judgement.pearson
        row["label_pearson"] = judgement.label_pearson
        row["confirmed"] = None if row["dead"] else judgement.confirmed
    return rows


def _mean(values: Sequence[float | None]) -> float:
    """Mean of what is known; NaN where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else math.nan
