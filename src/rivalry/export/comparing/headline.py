"""What a comparison is summed up by: accuracy, sparsity, concepts and bases, as lines of text."""

from __future__ import annotations

import math
from typing import NamedTuple

from rivalry.export.comparing.comparison import Comparison

_ACCURACY = {"top1": "accuracy", "sampled_top1": "accuracy, averaged draws"}
_PARTS = ("test", "val")
_BASES = {"natural": "the units", "unsupervised": "the rotation"}


class Line(NamedTuple):
    """A number of both networks.

    Attributes:
        name: What it is.
        first: As it reads for the first network.
        second: For the second.
    """

    name: str
    first: str
    second: str


def headline(comparison: Comparison) -> list[Line]:
    """Accuracy, active and dead units, concepts, S¹ and S² of the units and of the rotation fitted to them.

    What is not known of both networks is left out.
    """
    layers, concepts = comparison.layers, comparison.concepts
    active = [_mean([(one.active[side], one.units[side]) for one in layers]) for side in (0, 1)]
    dead = [sum(one.dead[side] for one in layers) for side in (0, 1)]
    held = [len(concepts) - len(lacking) for lacking in (comparison.gained, comparison.lost)]
    return [
        *_accuracies(comparison),
        Line("units active at a place", *map(percent, active)),
        Line("dead units", *map(str, dead)),
        Line("concepts", *map(str, held)),
        *_bases(comparison),
    ]


def percent(share: float | None) -> str:
    """A share as people read it; a dash where it is not known."""
    return "–" if share is None or math.isnan(share) else f"{100 * share:.1f} %"


def number(value: float) -> str:
    """A number as people read it: whole ones as they are, others with three digits, a dash where it is not known.

    >>> number(288.0), number(0.50084), number(math.nan)
    ('288', '0.501', '–')
    """
    if math.isnan(value):
        return "–"
    return f"{value:.0f}" if math.isfinite(value) and value == round(value) else f"{value:.3g}"


def _accuracies(comparison: Comparison) -> list[Line]:
    return [
        Line(f"{said} ({part})", percent(one.first), percent(one.second))
        for part in _PARTS
        for name, said in _ACCURACY.items()
        for one in comparison.scores
        if (one.of, one.name) == (part, name)
    ]


def _bases(comparison: Comparison) -> list[Line]:
    return [
        Line(f"{score} of {_BASES[one.basis]}, {one.layer}", *map(number, pair))
        for one in comparison.bases
        if one.basis in _BASES
        for score, pair in (("S¹", one.s1), ("S²", one.s2))
    ]


def _mean(weighted: list[tuple[float, int]]) -> float:
    """Mean of what is known, each as often as it says; NaN where nothing is."""
    known = [(value, weight) for value, weight in weighted if not math.isnan(value)]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else math.nan
