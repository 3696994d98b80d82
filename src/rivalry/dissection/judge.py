"""Are the labels true? Agreement of units with the concepts that the masks show, and the share of labels it confirms.

Three measures of a unit's pooled activation x against the presence of a concept in the picture; they are among the few
that pass both sanity tests of NeuronEval (Oikarinen, Yan & Weng, "Evaluating Neuron Explanations: A Unified Framework
with Sanity Checks", ICML 2025):

======= ============================================================================================================
Pearson correlation of x and presence
AUPRC   average precision of x as a ranking of the pictures (see :mod:`rivalry.numerics.ranking`)
IoU     of the pictures in which the unit is strongest, as many as show the concept, with those that show it
======= ============================================================================================================

A label is *confirmed* when its word is among the unit's three best concepts by Pearson (ties included), each of
positive correlation. Words that are no concept of the data set cannot be confirmed. The floor beside each measure is
what would be found if the layer's labels were dealt out among its living units at random, in closed form:

    floor = mean_u mean_v measure(u, label(v))        of confirmed: mean_u #{v : label(v) ∈ best three of u} / #units .
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from rivalry.data.dataset import Concept
from rivalry.dissection.truth import Truth
from rivalry.numerics.ranking import ranking_agreement

BEST = 3
"""How many of a unit's best concepts may confirm its label; those that tie with the last of them may too."""

TIE = 1e-9
"""Correlations that differ by no more are the same: those of concepts that always occur together."""


class Agreement(NamedTuple):
    """How well a unit agrees with a concept. AUPRC and IoU are NaN where no picture of the sample shows it.

    Attributes:
        pearson: In [-1, 1].
        auprc: In [0, 1].
        iou: In [0, 1].
    """

    pearson: float
    auprc: float
    iou: float


@dataclass(frozen=True)
class Judgement:
    """What the masks say of a unit.

    Attributes:
        true_concept: The concept it correlates with best; empty where none correlates positively.
        true: Agreement with that concept; None where there is none.
        label: Agreement with its label's concept; None where the label is no concept.
        confirmed: Whether the label is among the best three.
        best: The names of the best three, normalised.
    """

    true_concept: str
    true: Agreement | None
    label: Agreement | None
    confirmed: bool
    best: frozenset[str]


@dataclass(frozen=True)
class Verdict:
    """What the masks say of a layer.

    Attributes:
        judgements: One a unit.
        confirmed_floor: Share of the living units' labels that would be confirmed if they were dealt out at random.
        floor: Mean agreement of living units with labels dealt out at random, of those labels that are concepts.
    """

    judgements: Sequence[Judgement]
    confirmed_floor: float
    floor: Agreement


def judge_labels(truth: Truth, labels: Sequence[str], concepts: Sequence[Concept]) -> Verdict:
    """Judge every unit's label; an empty one is a dead unit's.

    Args:
        truth: From :class:`rivalry.dissection.truth.TruthStream`.
        labels: One a unit.
        concepts: What the columns mean. Names count whatever their case, and with ``_`` as a space. Where several
            concepts have a label's name, a unit is held to that which it correlates with best.
    """
    names = [normalised(concept.name) for concept in concepts]
    labels = [normalised(label) for label in labels]
    correlation = truth.correlation.cpu()
    best = _best_concepts(correlation)
    meant = {label: [place for place, name in enumerate(names) if name == label] for label in set(labels)}
    used = sorted({place for places in meant.values() for place in places} | {places[0] for places in best if places})
    column = {place: number for number, place in enumerate(used)}
    agreement = _agreement(truth, used)
    units = torch.arange(len(labels))
    of_label = {
        label: agreement[units, torch.tensor([column[place] for place in places])[correlation[:, places].argmax(1)]]
        for label, places in meant.items()
        if places
    }
    of_best = agreement[units, [column[places[0]] if places else 0 for places in best]].tolist() if used else []
    judgements = [
        Judgement(
            true_concept=concepts[places[0]].name if places else "",
            true=Agreement(*of_best[unit]) if places else None,
            label=Agreement(*of_label[label][unit].tolist()) if label in of_label else None,
            confirmed=label in (known := frozenset(names[place] for place in places)),
            best=known,
        )
        for unit, (label, places) in enumerate(zip(labels, best, strict=True))
    ]
    living = [unit for unit, label in enumerate(labels) if label]
    chance = confirmed_by_chance([judgements[unit] for unit in living], [labels[unit] for unit in living])
    return Verdict(judgements, chance / len(living) if living else math.nan, _floor(of_label, labels, living))


def confirmed_by_chance(judgements: Sequence[Judgement], labels: Sequence[str]) -> float:
    """Labels that would be confirmed if they were dealt out at random among these (living) units: the expected number.

    >>> one = Judgement("sky", None, None, False, frozenset({"sky"}))
    >>> confirmed_by_chance([one, one], ["sky", "snow"])
    1.0
    """
    counts = Counter(normalised(label) for label in labels)
    return sum(counts[word] for judgement in judgements for word in judgement.best) / max(len(labels), 1)


def normalised(name: str) -> str:
    """A name as it is compared.

    >>> normalised("Traffic_Light ")
    'traffic light'
    """
    return " ".join(name.replace("_", " ").casefold().split())


def _best_concepts(correlation: Float[Tensor, "units concepts"]) -> list[list[int]]:
    """Places of each unit's three best concepts, best first; those that always occur together share a place."""
    values, order = correlation.sort(dim=1, descending=True, stable=True)
    last = values[:, min(BEST, values.shape[1]) - 1, None]
    counts = ((values >= last - TIE) & (values > 0)).sum(1).tolist()
    places = order[:, : max(counts, default=0)].tolist()
    return [row[:count] for row, count in zip(places, counts, strict=True)]


def _agreement(truth: Truth, places: list[int]) -> Float[Tensor, "units chosen 3"]:
    """Agreement of every unit with the concepts at these places."""
    ranked = ranking_agreement(truth.values, truth.shown[:, places])
    kinds = truth.correlation[:, places], ranked.average_precision, ranked.iou
    return torch.stack([found.double().cpu() for found in kinds], 2)


def _floor(of_label: Mapping[str, Tensor], labels: Sequence[str], living: list[int]) -> Agreement:
    means = {label: agreement[living].nanmean(0) for label, agreement in of_label.items()}
    dealt = [means[labels[unit]] for unit in living if labels[unit] in means]
    return Agreement(*torch.stack(dealt).nanmean(0).tolist()) if dealt else Agreement(math.nan, math.nan, math.nan)
