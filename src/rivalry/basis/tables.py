"""The tables and scalars of a comparison of bases."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import pyarrow as pa
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.basis.answers import Answers
from rivalry.basis.bases import UNSUPERVISED
from rivalry.basis.decomposition import Decomposition
from rivalry.basis.detectors.scores import at_label
from rivalry.basis.dissected import Judged
from rivalry.basis.measures import detectors, s1, s2, shuffled_sums, unique_detectors
from rivalry.basis.policies import BEYOND, BIAS, CHOSEN, Detection
from rivalry.data.dataset import Concept

Row = dict[str, object]


@dataclass(frozen=True)
class FoundBasis:
    """What is found of one basis.

    Attributes:
        answers: Where it was fitted.
        judged: By masks, where there are any.
        monosemanticity: Of every direction, where it was asked for.
    """

    answers: Answers
    judged: Judged | None
    monosemanticity: Float[Tensor, " directions"] | None

    @property
    def directions(self) -> int:
        """Their number."""
        return len(self.answers.redundancy)

    @property
    def detections(self) -> Mapping[str, Detection]:
        """By policy; none without masks."""
        return {} if self.judged is None else self.judged.detections


@dataclass(frozen=True)
class FoundLayer:
    """What is found of one layer.

    Attributes:
        bases: By name.
        stability: Of every fitted direction, its cosine with the one of the epoch before that it is matched to.
        classes: What each class is made of, concepts by their place among all.
    """

    bases: Mapping[str, FoundBasis]
    stability: Float[Tensor, " directions"] | None
    classes: Mapping[str, Decomposition]


def basis_table(layers: Mapping[str, FoundLayer], seed: int) -> pa.Table:
    """A row for each layer, basis and policy of thresholds; without masks the policy is null, and so are scores."""
    rows = [
        {"layer": layer, "basis": name, **row}
        for layer, found in layers.items()
        for name, basis in found.bases.items()
        for row in _policy_rows(basis, seed)
    ]
    return pa.Table.from_pylist(rows, pa.schema([(name, kind) for name, kind in _BASES.items()]))


def unit_table(layers: Mapping[str, FoundLayer], concepts: Sequence[Concept], name: str) -> pa.Table:
    """A row for each direction of the fitted bases, as units of the layers ``LAYER@NAME``."""
    rows = [row for layer, found in layers.items() for row in _unit_rows(f"{layer}@{name}", found, concepts)]
    return pa.Table.from_pylist(rows, pa.schema([(column, kind) for column, kind in _UNITS.items()]))


def concept_table(layers: Mapping[str, FoundLayer], concepts: Sequence[Concept]) -> pa.Table:
    """A row for each layer and concept: of each basis the best φ, by ``beyond``, of directions called by it."""
    rows: list[Row] = []
    for layer, found in layers.items() if concepts else ():
        best = {name: _best_by_concept(basis.detections[BEYOND]) for name, basis in found.bases.items()}
        for place, concept in enumerate(concepts):
            ious = {name: values.get(place) for name, values in best.items()}
            rows.append({"layer": layer, "concept": concept.name, "category": concept.category, **ious})
    return pa.Table.from_pylist(rows)


def class_table(layers: Mapping[str, FoundLayer], concepts: Sequence[Concept]) -> pa.Table:
    """A row for each class and concept that it is made of: ``factor``, and ``explained`` by all of the class."""
    rows: list[Row] = [
        {"layer": layer, "class": name, "concept": concepts[place].name, "category": concepts[place].category}
        | {"factor": factor, "explained": one.explained}
        for layer, found in layers.items()
        for name, one in found.classes.items()
        for place, factor in zip(one.concepts, one.factors, strict=True)
    ]
    return pa.Table.from_pylist(rows)


def scalars(table: pa.Table, layers: Mapping[str, FoundLayer]) -> dict[str, float]:
    """Means over the layers: S¹ and S² of every basis by ``beyond``, and more of the fitted one."""
    found: dict[str, float] = {}
    rows = table.to_pylist()
    for basis in dict.fromkeys(row["basis"] for row in rows):
        scored = [row for row in rows if row["basis"] == basis and row["policy"] == BEYOND]
        if scored:
            found |= {f"{score}_{basis}": fmean(row[score] for row in scored) for score in ("s1", "s2")}
    own = [row for row in rows if row["basis"] == UNSUPERVISED and row["policy"] in (None, BEYOND)]
    for name in _HEADLINES:
        known = [row[name] for row in own if row[name] is not None]
        found |= {name: fmean(known)} if known else {}
    moved = [_mean(one.stability) for one in layers.values() if one.stability is not None]
    return found | ({"stability": fmean(moved)} if moved else {})


def _policy_rows(basis: FoundBasis, seed: int) -> Iterator[Row]:
    free: Row = {
        "directions": basis.directions,
        "mean_best_auroc": None if basis.judged is None else _mean(basis.judged.best_auroc),
        "monosemanticity": None if basis.monosemanticity is None else _mean(basis.monosemanticity),
        "redundancy": _mean(basis.answers.redundancy),
        **vars(basis.answers.sparsity),
    }
    if not basis.detections:
        yield _known({"policy": None, **free})
    for policy, one in basis.detections.items():
        first, second = shuffled_sums(one.validation, one.labels, seed=seed)
        total = s1(one.iou)
        yield _known(
            {"policy": policy, "s1": total, "s1_per_direction": total / max(1, basis.directions)}
            | {"s2": s2(one.iou, one.labels), "s1_shuffled": first, "s2_shuffled": second}
            | {"detectors": detectors(one.iou), "unique_detectors": unique_detectors(one.iou, one.labels)}
            | {"unscored": int(one.iou.isnan().sum()), **free}
        )


def _unit_rows(layer: str, found: FoundLayer, concepts: Sequence[Concept]) -> Iterator[Row]:
    basis = found.bases[UNSUPERVISED]
    columns = {"redundancy": basis.answers.redundancy, "stability": found.stability}
    columns |= {"monosemanticity": basis.monosemanticity}
    values: dict[str, list[object]] = {}
    if basis.judged is not None:
        beyond, chosen, bias = (basis.detections[policy] for policy in (BEYOND, CHOSEN, BIAS))
        columns |= {"best_auroc": basis.judged.best_auroc, "auroc": at_label(basis.judged.auroc, beyond.labels)}
        columns |= {"beyond": beyond.iou, **_ious(chosen, beyond.labels), **_ious(bias, bias.labels, "_bias")}
        values = _labels(beyond.labels, concepts) | _labels(bias.labels, concepts, "_bias")
    values |= {name: column.tolist() for name, column in columns.items() if column is not None}
    for unit in range(basis.directions):
        yield _known({"layer": layer, "unit": unit, **{name: column[unit] for name, column in values.items()}})


def _labels(labels: Int[Tensor, " units"], concepts: Sequence[Concept], end: str = "") -> dict[str, list[object]]:
    """What directions are called by; null where that is nothing."""
    called = [concepts[place] if place >= 0 else None for place in labels.tolist()]
    return {
        f"label{end}": [None if concept is None else concept.name for concept in called],
        f"category{end}": [None if concept is None else concept.category for concept in called],
    }


def _ious(one: Detection, labels: Int[Tensor, " units"], end: str = "") -> dict[str, Float[Tensor, " units"]]:
    """How well directions fit what they are called by, on either half."""
    return {f"iou_train{end}": at_label(one.train, labels), f"iou{end}": at_label(one.validation, labels)}


def _best_by_concept(one: Detection) -> dict[int, float]:
    """The best φ of the directions that are called by each concept."""
    best: dict[int, float] = {}
    for label, score in zip(one.labels.tolist(), one.iou.tolist(), strict=True):
        if label >= 0 and not math.isnan(score):
            best[label] = max(score, best.get(label, 0.0))
    return best


def _known(row: Row) -> Row:
    """Null where nothing is known."""
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}


def _mean(values: Float[Tensor, " directions"]) -> float:
    """Mean of what is known; NaN where nothing is."""
    return float(values.double().nanmean())


_HEADLINES: tuple[str, ...] = (
    "s1_shuffled",
    "s2_shuffled",
    "detectors",
    "unique_detectors",
    "mean_best_auroc",
    "monosemanticity",
)
_HEADLINES += ("active", "dead", "redundancy")

_BASES = {"layer": pa.string(), "basis": pa.string(), "policy": pa.string(), "directions": pa.int64()}
_BASES |= dict.fromkeys(("s1", "s1_per_direction", "s2", "s1_shuffled", "s2_shuffled"), pa.float64())
_BASES |= dict.fromkeys(("detectors", "unique_detectors", "unscored"), pa.int64())
_BASES |= dict.fromkeys(("mean_best_auroc", "monosemanticity", "active", "entropy", "dead", "hoyer"), pa.float64())
_BASES |= {"redundancy": pa.float64()}

_UNITS = {"layer": pa.string(), "unit": pa.int64(), "label": pa.string(), "category": pa.string()}
_UNITS |= dict.fromkeys(("iou_train", "iou", "beyond", "auroc", "best_auroc"), pa.float64())
_UNITS |= {"label_bias": pa.string(), "category_bias": pa.string()}
_UNITS |= dict.fromkeys(("iou_train_bias", "iou_bias"), pa.float64())
_UNITS |= dict.fromkeys(("stability", "redundancy", "monosemanticity"), pa.float64())
