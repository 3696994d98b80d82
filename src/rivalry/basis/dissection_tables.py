"""The tables and scalars of a record of a dissection by masks: units, concepts, categories, and layers by policy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.basis.columns import Columns, joined, known, mean, names, numbers, places, words
from rivalry.basis.detectors import DETECTOR, Counts
from rivalry.basis.detectors.scores import at_label, labels_of
from rivalry.basis.detectors.selectivity import auroc, auroc_error, average_precision
from rivalry.basis.detectors.trap import best_possible_iou
from rivalry.basis.measures import detectors, unique_detectors
from rivalry.basis.policies import POLICIES, Detection
from rivalry.data.dataset import Concept

_POLICY = {"layer": pa.string(), "policy": pa.string()}
_COUNTED = dict.fromkeys(("detectors", "unique_detectors", "unique_beyond_area"), pa.int64())
_CATEGORIES = pa.schema(_POLICY | {"category": pa.string()} | _COUNTED)
_LAYERS = pa.schema(
    _POLICY
    | {"units": pa.int64()}
    | _COUNTED
    | {"mean_iou": pa.float64(), "mean_iou_train": pa.float64(), "unscored_units": pa.int64()}
    | {"lowest_reached": pa.float64(), "highest_reached": pa.float64()}
)


@dataclass(frozen=True)
class Dissected:
    """A layer's units held against the concepts.

    Attributes:
        counts: Of both halves, or of all pictures as one.
        policies: What the units detect, by policy.
        main: The policy by which they are called.
        level: Share of places or pixels that exceeds a unit's threshold by it.
    """

    counts: Counts
    policies: Mapping[str, Detection]
    main: str
    level: float

    @cached_property
    def called(self) -> Detection:
        """What the units detect by the policy by which they are called."""
        return self.policies[self.main]

    @cached_property
    def auroc(self) -> Float[Tensor, "halves units concepts"]:
        """How well each unit ranks each concept's pixels, without a threshold."""
        return auroc(self.counts)

    @cached_property
    def area(self) -> Float[Tensor, " concepts"]:
        """Share that each concept covers of the pictures in which its category is labelled, of both halves."""
        return self.counts.merged().area_share[0]


def all_tables(layers: Mapping[str, Dissected], concepts: Sequence[Concept]) -> dict[str, pa.Table]:
    """The tables ``units``, ``concepts``, ``categories`` and ``layers`` of a record."""
    return {
        "units": joined([_unit_columns(name, one, concepts) for name, one in layers.items()]),
        "concepts": joined([_concept_columns(name, one, concepts) for name, one in layers.items()]),
        "categories": pa.Table.from_pylist(_category_rows(layers, concepts), _CATEGORIES),
        "layers": pa.Table.from_pylist(_layer_rows(layers), _LAYERS),
    }


def scalars(layers: Mapping[str, Dissected]) -> dict[str, float]:
    """Headline numbers over all layers: by the main policy without an ending, by the others with theirs.

    Units are added up over the layers; labels that several layers detect count once.
    """
    found: dict[str, float] = {}
    for policy in POLICIES:
        parts = [one.policies[policy] for one in layers.values() if policy in one.policies]
        if not parts:
            continue
        end = "" if any(one.main == policy for one in layers.values()) else f"_{policy}"
        scores, labels = torch.cat([one.iou for one in parts]), torch.cat([one.labels for one in parts])
        found |= {
            f"detectors{end}": float(detectors(scores)),
            f"unique_detectors{end}": float(unique_detectors(scores, labels)),
            f"mean_iou{end}": mean(scores),
        }
    some = next(iter(layers.values()))
    units = torch.cat([one.called.iou for one in layers.values()])
    ceilings = _highest(torch.cat([one.called.ceilings for one in layers.values()]))
    return found | {
        "units": float(len(units)),
        "unscored_units": float(units.isnan().sum()),
        "concepts": float((some.counts.images.sum(0) > 0).sum()),
        "undetectable_concepts": float((ceilings <= DETECTOR).sum()),
        "mean_best_auroc": mean(torch.cat([_best_auroc(one)[1] for one in layers.values()])),
    }


def _unit_columns(layer: str, one: Dissected, concepts: Sequence[Concept]) -> Columns:
    """A row a unit: what it is called by, how well that holds, and what other policies say."""
    called, count = one.called, len(one.called.labels)
    best, best_auroc = _best_auroc(one)
    columns = {
        "layer": pa.array([layer] * count, pa.string()),
        "unit": pa.array(range(count), pa.int64()),
        "label": names(called.labels, concepts),
        "category": words(concepts[label].category if label >= 0 else None for label in called.labels.tolist()),
        "iou_train": numbers(called.iou_train),
        "iou": numbers(called.iou),
        "detector": pa.array((called.iou > DETECTOR).tolist(), pa.bool_()),
        "threshold": numbers(called.threshold, count),
        "reached": numbers(called.reached, count),
        "auroc": numbers(at_label(one.auroc[-1], called.labels)),
        "auroc_error": numbers(at_label(auroc_error(one.counts)[-1], called.labels)),
        "average_precision": numbers(at_label(average_precision(one.counts)[-1], called.labels)),
        "auroc_label": names(best, concepts),
        "best_auroc": numbers(best_auroc),
    }
    for policy in POLICIES:
        if policy == one.main:
            continue
        other = one.policies.get(policy)
        columns[f"label_{policy}"] = names(None if other is None else other.labels, concepts, count)
        columns[f"iou_{policy}"] = numbers(None if other is None else other.iou, count)
        columns[f"threshold_{policy}"] = numbers(None if other is None else other.threshold, count)
    return columns


def _concept_columns(layer: str, one: Dissected, concepts: Sequence[Concept]) -> Columns:
    """A row a concept: how large it is, what the threshold lets anyone reach, and the unit that answers best to it."""
    count = len(concepts)
    images, ceilings = one.counts.images, _highest(one.called.ceilings)
    best = labels_of(one.auroc[0].T)
    columns = {
        "layer": pa.array([layer] * count, pa.string()),
        "concept": words(concept.name for concept in concepts),
        "category": words(concept.category for concept in concepts),
        "images_train": pa.array(images[0].tolist(), pa.int64()),
        "images": pa.array(images[-1].tolist(), pa.int64()),
        "area": numbers(one.area),
        "best_possible_iou": numbers(best_possible_iou(one.area, one.level)),
        "ceiling": numbers(ceilings),
        "detectable": pa.array([None if math.isnan(it) else it > DETECTOR for it in ceilings.tolist()], pa.bool_()),
        "auroc_unit": places(best),
        "auroc": numbers(at_label(one.auroc[-1].T, best)),
    }
    for policy in POLICIES:
        end = "" if policy == one.main else f"_{policy}"
        other = one.policies.get(policy)
        columns[f"unit{end}"] = places(None if other is None else other.best_units, count)
        columns[f"iou{end}"] = numbers(None if other is None else other.best_iou, count)
    return columns


def _category_rows(layers: Mapping[str, Dissected], concepts: Sequence[Concept]) -> list[dict[str, object]]:
    """A row for each layer, policy and category that the concepts have: detectors and their different labels."""
    mentioned = list(dict.fromkeys(concept.category for concept in concepts))
    rows = []
    for layer, one in layers.items():
        for policy, found in one.policies.items():
            categories = [concepts[label].category if label >= 0 else None for label in found.labels.tolist()]
            for category in mentioned:
                own = torch.tensor([it == category for it in categories], device=found.iou.device)
                rows.append({"layer": layer, "policy": policy, "category": category, **_counted(found, own)})
    return rows


def _layer_rows(layers: Mapping[str, Dissected]) -> list[dict[str, object]]:
    """A row for each layer and policy."""
    return [
        {
            "layer": layer,
            "policy": policy,
            "units": len(found.labels),
            **_counted(found, torch.ones_like(found.beyond_area)),
            "mean_iou": known(mean(found.iou)),
            "mean_iou_train": known(mean(found.iou_train)),
            "unscored_units": int(found.iou.isnan().sum()),
            "lowest_reached": None if found.reached is None else float(found.reached.min()),
            "highest_reached": None if found.reached is None else float(found.reached.max()),
        }
        for layer, one in layers.items()
        for policy, found in one.policies.items()
    ]


def _counted(found: Detection, own: Bool[Tensor, " units"]) -> dict[str, int]:
    """Detectors among some of the units, their different labels, and the labels that a mask of all would not reach."""
    beyond = own & found.beyond_area
    return {
        "detectors": detectors(found.iou[own]),
        "unique_detectors": unique_detectors(found.iou[own], found.labels[own]),
        "unique_beyond_area": unique_detectors(found.iou[beyond], found.labels[beyond]),
    }


def _best_auroc(one: Dissected) -> tuple[Int[Tensor, " units"], Float[Tensor, " units"]]:
    """Each unit's concept of the largest AUROC where that is chosen, and the AUROC where it is scored."""
    labels = labels_of(one.auroc[0])
    return labels, at_label(one.auroc[-1], labels)


def _highest(values: Float[Tensor, "units concepts"]) -> Float[Tensor, " concepts"]:
    """The largest of all units; NaN where none is known."""
    highest = values.nan_to_num(nan=-1.0).amax(0)
    return highest.masked_fill(highest < 0, torch.nan)
