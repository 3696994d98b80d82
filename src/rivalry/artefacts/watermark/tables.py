"""From findings to the tables and scalars of the record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from rivalry.artefacts.watermark.carriers import Carriers
from rivalry.artefacts.watermark.layers import LayerFinding
from rivalry.artefacts.watermark.reliance import Groups
from rivalry.numerics.bootstrap import Interval

Findings = Mapping[str, LayerFinding]


def reliance_table(intervals: Mapping[str, Interval]) -> pa.Table:
    """Columns metric, value, low and high; null where a number is not known."""
    ends = {name: pa.array(map(_known, column), pa.float64()) for name, column in _columns(intervals).items()}
    return pa.table({"metric": pa.array(intervals, pa.string()), **ends})


def layer_table(findings: Findings) -> pa.Table:
    """One row a layer.

    ====================================== ===========================================================================
    ``units``                              width
    ``decodability``, ``_low``, ``_high``  AUROC of a linear probe for the mark on held-out pictures; not reliance
    ``decodability_floor``                 the same in a twin with random weights
    ``decodability_null``                  of a probe for the null mark
    ``cav_alignment``,                     of the mark's direction and the target's logit, as told in
    ``cav_sensitivity``, ``tcav``          :mod:`rivalry.artefacts.watermark.concept_vector`; ``…_null``: the null
                                           mark's direction
    ``cav_p``                              p-value of the sensitivity against 20 directions of permuted labels
    ``tcav_permuted_low``, ``_high``       range of TCAV over these directions
    ``best_detector``                      highest AUROC of a single unit, of either sign, in [½, 1]
    ``carrying_units``                     units that carry the mark; null where there is nothing to carry or where no
                                           number of silent units undoes it
    ``attack_success``, ``_silenced``,     on the judging half of the pictures: with nothing, the carriers, or as many
    ``_random``; ``accuracy``, …           random units silenced
    ``effective_rank_clean``, ``_marked``, of the cells beside the mark; null of layers without places
    ``_null``
    ``winner_entropy_clean``, ``_marked``, evenness of the wins within blocks; null of layers that do not compete
    ``_null``
    ====================================== ===========================================================================
    """
    rows = [{"layer": layer, **_layer_row(found)} for layer, found in findings.items()]
    kinds = {"layer": pa.string(), "units": pa.int64(), "carrying_units": pa.int64()}
    schema = pa.schema([(name, kinds.get(name, pa.float64())) for name in rows[0]])
    return pa.Table.from_pylist(rows, schema=schema)


def unit_table(findings: Findings) -> pa.Table:
    """One row a unit: layer, unit, auroc (marked against clean), auroc_null, carries."""
    widths = {layer: len(found.auroc) for layer, found in findings.items()}
    carrying = {layer: set(_carrying(found.carriers)) for layer, found in findings.items()}
    places = [(layer, unit) for layer, width in widths.items() for unit in range(width)]
    areas = {
        name: [_known(value) for found in findings.values() for value in getattr(found, name).tolist()]
        for name in ("auroc", "auroc_null")
    }
    return pa.table(
        {
            "layer": pa.array([layer for layer, _ in places], pa.string()),
            "unit": pa.array([unit for _, unit in places], pa.int64()),
            **{name: pa.array(column, pa.float64()) for name, column in areas.items()},
            "carries": pa.array([unit in carrying[layer] for layer, unit in places], pa.bool_()),
        }
    )


def group_table(groups: Groups, classes: Sequence[str]) -> pa.Table:
    """One row a group: class, marked, pictures, accuracy (null where there are none), counted."""
    sizes, counted = groups.size.long().tolist(), groups.counted.tolist()
    return pa.table(
        {
            "class": pa.array([*classes, *classes], pa.string()),
            "marked": pa.array([False] * len(classes) + [True] * len(classes), pa.bool_()),
            "pictures": pa.array([*sizes, *sizes], pa.int64()),
            "accuracy": pa.array(map(_known, groups.accuracy.flatten().tolist()), pa.float64()),
            "counted": pa.array([*counted, *counted], pa.bool_()),
        }
    )


def scalars_of(intervals: Mapping[str, Interval], findings: Findings) -> dict[str, float]:
    """Every metric with its interval's ends, and what is to be said of all layers together.

    ``carrying_units`` … are those of the layer in which the fewest units carry the mark (:func:`fewest_carriers`);
    ``cav_alignment``, ``cav_sensitivity``, ``cav_p`` and ``tcav`` of the last layer; ``best_detector`` the clearest
    unit of all; ``effective_rank_drop`` of the last layer that has places; ``winner_entropy_drop`` the mean over layers
    that compete.
    """
    values = {f"{name}{end}": value for name, of in intervals.items() for end, value in zip(_ENDS, of, strict=True)}
    last = [*findings.values()][-1]
    values |= {"cav_alignment": last.concept.alignment, "cav_sensitivity": last.concept.sensitivity}
    values |= {"cav_p": last.concept.p_value, "tcav": last.concept.tcav}
    values["best_detector"] = max(_best(found) for found in findings.values())
    values |= _drops("effective_rank", [found.effective_rank for found in findings.values()], last_only=True)
    values |= _drops("winner_entropy", [found.winner_entropy for found in findings.values()], last_only=False)
    return values | _carrier_scalars(findings)


def fewest_carriers(findings: Findings) -> str | None:
    """The layer in which the fewest units carry the mark, the last of several; None where there is none."""
    counts = {layer: len(_carrying(found.carriers)) for layer, found in findings.items()}
    carrying = [layer for layer in reversed(counts) if counts[layer]]
    return min(carrying, key=lambda layer: counts[layer]) if carrying else None


_ENDS = ("", "_low", "_high")


def _layer_row(found: LayerFinding) -> dict[str, Any]:
    carriers = found.carriers._asdict()
    units = carriers.pop("units")
    numbers = {
        **dict(zip((f"decodability{end}" for end in _ENDS), found.decodability, strict=True)),
        "decodability_floor": found.floor.value,
        "decodability_null": found.decodability_null.value,
        "cav_alignment": found.concept.alignment,
        "cav_alignment_null": found.concept_null.alignment,
        "cav_sensitivity": found.concept.sensitivity,
        "cav_sensitivity_null": found.concept_null.sensitivity,
        "cav_p": found.concept.p_value,
        "tcav": found.concept.tcav,
        "tcav_null": found.concept_null.tcav,
        "tcav_permuted_low": found.concept.null_low,
        "tcav_permuted_high": found.concept.null_high,
        "best_detector": _best(found),
        **carriers,
        **_of_renders("effective_rank", found.effective_rank),
        **_of_renders("winner_entropy", found.winner_entropy),
    }
    known = {name: _known(value) for name, value in numbers.items()}
    return {"units": len(found.auroc), "carrying_units": None if units is None else len(units), **known}


def _carrier_scalars(findings: Findings) -> dict[str, float]:
    layer = fewest_carriers(findings)
    if layer is None:
        names = ("units", "share")
        silent = {
            f"{what}_{how}": math.nan for what in ("attack_success", "accuracy") for how in ("silenced", "random")
        }
        return {**{f"carrying_{name}": math.nan for name in names}, **silent}
    carriers, width = findings[layer].carriers, len(findings[layer].auroc)
    count = len(_carrying(carriers))
    return {
        "carrying_units": float(count),
        "carrying_share": count / width,
        "attack_success_silenced": carriers.attack_success_silenced,
        "attack_success_random": carriers.attack_success_random,
        "accuracy_silenced": carriers.accuracy_silenced,
        "accuracy_random": carriers.accuracy_random,
    }


def _carrying(carriers: Carriers) -> list[int]:
    """The units of a layer that carry the mark."""
    return [] if carriers.units is None else [int(unit) for unit in carriers.units]


def _best(found: LayerFinding) -> float:
    return 0.5 + float((found.auroc - 0.5).abs().amax())


def _drops(what: str, renders: Sequence[tuple[float, float, float]], *, last_only: bool) -> dict[str, float]:
    """Clean minus marked, and clean minus null-marked, of the last layer or as means over the layers that have it."""
    known = [of for of in renders if not math.isnan(of[0])]
    known = known[-1:] if last_only else known
    drops = {}
    for place, case in ((1, ""), (2, "_null")):
        values = [of[0] - of[place] for of in known]
        drops[f"{what}_drop{case}"] = sum(values) / len(values) if values else math.nan
    return drops


def _of_renders(what: str, renders: tuple[float, float, float]) -> dict[str, float]:
    return {f"{what}_{render}": value for render, value in zip(("clean", "marked", "null"), renders, strict=True)}


def _columns(intervals: Mapping[str, Interval]) -> dict[str, list[float]]:
    return {end: [getattr(of, end) for of in intervals.values()] for end in Interval._fields}


def _known(value: float) -> float | None:
    """Null in a table where a number is not known."""
    return None if math.isnan(value) else value
