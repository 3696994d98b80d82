"""Are the labels true? Correlation of units with the concepts that the masks show, and the share of labels it confirms.

The judge is Pearson's correlation of a unit's pooled activation with the presence of a concept in the picture: of the
measures in use it is one of the few that pass both sanity tests of NeuronEval (Oikarinen, Yan & Weng, "Evaluating
Neuron Explanations: A Unified Framework with Sanity Checks", ICML 2025).

A label is *confirmed* when its word is among the unit's three best concepts (ties included), each of positive
correlation. Words that are no concept of the data set cannot be confirmed. The floor beside it is what would be
confirmed if the layer's labels were dealt out among its living units at random:

    floor = mean_u  #{units v : label(v) ∈ best three of u} / #units .
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torchmetrics import Metric

from rivalry.data.dataset import Concept
from rivalry.numerics.correlation import pearson_from_sums

BEST = 3
"""How many of a unit's best concepts may confirm its label; those that tie with the last of them may too."""

TIE = 1e-9
"""Correlations that differ by no more are the same: those of concepts that always occur together."""


@dataclass(frozen=True)
class Judgement:
    """What the masks say of a unit.

    Attributes:
        true_concept: The concept it correlates with best; empty where none correlates positively.
        pearson: That correlation, in [0, 1].
        label_pearson: Correlation with its label's concept; None where the label is no concept.
        confirmed: Whether the label is among the best three.
        best: The names of the best three, normalised.
    """

    true_concept: str
    pearson: float
    label_pearson: float | None
    confirmed: bool
    best: frozenset[str]


class ConceptCorrelation(Metric):
    """Streaming correlation of units with the presence of concepts, over batches and ranks.

    Memory is 8 bytes × units × concepts.

    Args:
        units: Number of units.
        concepts: Number of concepts.
    """

    full_state_update = False
    count: Tensor
    sum_x: Tensor
    sum_xx: Tensor
    sum_y: Tensor
    sum_xy: Tensor

    def __init__(self, units: int, concepts: int) -> None:
        super().__init__()
        shapes = {"count": (), "sum_x": (units,), "sum_xx": (units,), "sum_y": (concepts,), "sum_xy": (units, concepts)}
        for name, shape in shapes.items():
            self.add_state(name, torch.zeros(shape, dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, values: Float[Tensor, "batch units"], presence: Bool[Tensor, "batch concepts"]) -> None:
        """Add a batch of pooled activations and of what the pictures show."""
        x, y = values.double(), presence.double()
        self.count += len(x)
        self.sum_x += x.sum(0)
        self.sum_xx += x.square().sum(0)
        self.sum_y += y.sum(0)
        self.sum_xy += x.T @ y

    def compute(self) -> Float[Tensor, "..."]:
        """Pearson's correlation, (units, concepts); 0 where a unit or a concept never varies."""
        return pearson_from_sums(self.count, self.sum_x, self.sum_y, self.sum_xx, self.sum_y, self.sum_xy)


def presence(masks: Int[Tensor, "batch categories height width"], concepts: int) -> Bool[Tensor, "batch concepts"]:
    """Which concepts each picture shows, in any pixel.

    >>> presence(torch.tensor([[[[0, 2], [2, 2]]]]), concepts=3)
    tensor([[False,  True, False]])
    """
    shown = torch.zeros(len(masks), concepts + 1, dtype=torch.bool, device=masks.device)
    return shown.scatter_(1, masks.flatten(1).long(), True)[:, 1:]


def judge_labels(
    correlation: Float[Tensor, "units concepts"], labels: Sequence[str], concepts: Sequence[Concept]
) -> list[Judgement]:
    """Judge every unit's label; an empty one (a dead unit's) is not confirmed.

    Args:
        correlation: From :class:`ConceptCorrelation`.
        labels: One a unit.
        concepts: What the columns mean. Names count whatever their case, and with ``_`` as a space.
    """
    names = [normalised(concept.name) for concept in concepts]
    correlation = correlation.cpu()
    values, order = correlation.sort(dim=1, descending=True, stable=True)
    judged = []
    for row, label in enumerate(map(normalised, labels)):
        last = values[row, min(BEST, len(names)) - 1]
        among = int((values[row] >= last - TIE).sum())  # concepts that always occur together share a place
        ranked = zip(values[row, :among].tolist(), order[row, :among].tolist(), strict=True)
        best = [(value, place) for value, place in ranked if value > 0]
        of_label = [place for place, name in enumerate(names) if name == label]
        known = frozenset(names[place] for _, place in best)
        judged.append(
            Judgement(
                true_concept=concepts[best[0][1]].name if best else "",
                pearson=best[0][0] if best else 0.0,
                label_pearson=float(correlation[row, of_label].max()) if of_label else None,
                confirmed=label in known,
                best=known,
            )
        )
    return judged


def confirmed_by_chance(judgements: Sequence[Judgement], labels: Sequence[str]) -> float:
    """Labels that would be confirmed if they were dealt out at random among these (living) units: the expected number.

    >>> one = Judgement("sky", 0.5, None, False, frozenset({"sky"}))
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
