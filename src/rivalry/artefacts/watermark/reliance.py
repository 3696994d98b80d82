"""Does the network rely on the mark? What its answers to clean, marked and null-marked pictures say.

With x a picture of class y, x + w the same with the mark, x + w₀ with the null mark, t the target class and z_t its
logit. Shares are over the pictures of the probe set that the line names.

======================================= ===============================================================================
``accuracy_clean``, ``_marked``,        share of right answers to x, x + w, x + w₀; ``_swapped``: to x where y = t and
``_null``, ``_swapped``                 to x + w elsewhere
``accuracy_gap``, ``_null``             accuracy(clean) − accuracy(marked), (null)
``accuracy_gap_excess``                 the first of these gaps minus the second: what only this mark does
``attack_success``, ``_clean``,         P(f(x + w) = t | y ≠ t), P(f(x) = t | y ≠ t), P(f(x + w₀) = t | y ≠ t)
``_null``
``attack_success_lift``, ``_lift_null`` attack success − that of clean pictures; the same of the null mark
``attack_success_excess``               the first of these lifts minus the second
``removal_drop``, ``_null``             accuracy where y = t with the mark, minus without it
``worst_group``                         lowest accuracy over the groups (class, marked or not) of 50 pictures or more
``adjusted_mean``                       mean accuracy over these groups, each counting alike
``logit_shift``, ``_null``              mean[z_t(x + w) − z_t(x)] / sd z_t(x), over all pictures
======================================= ===============================================================================

The conditioning on y ≠ t makes 1 the most that attack success can be; the formulas are otherwise those in common use
for spurious cues (groups: Sagawa et al., "Distributionally Robust Neural Networks for Group Shifts", ICLR 2020). That
``adjusted_mean`` weighs groups alike is our operationalisation. A lowest accuracy of resampled groups lies lower than
that of the groups themselves: the interval of ``worst_group`` is wide to the lower side.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rivalry.artefacts.watermark.answers import Answers
from rivalry.numerics.bootstrap import Interval, bootstrap

SMALLEST_GROUP = 50
"""Pictures that a group must have for its accuracy to count."""


class Groups(NamedTuple):
    """Accuracies by class and mark.

    Attributes:
        size: Pictures of each class.
        accuracy: Of the clean and of the marked ones; NaN for classes without a picture.
        counted: Classes with enough pictures to count for worst group and adjusted mean.
    """

    size: Float[Tensor, " classes"]
    accuracy: Float[Tensor, "renders classes"]
    counted: Bool[Tensor, " classes"]


def reliance_intervals(answers: Answers, target: int, classes: int, *, seed: int) -> dict[str, Interval]:
    """Every metric of reliance with its paired bootstrap interval; NaN where no picture says anything of it.

    Args:
        answers: To all renders of all pictures.
        target: The class of the mark.
        classes: Number of classes.
        seed: Of the bootstrap.
    """
    counted = group_accuracies(answers, classes).counted

    def statistic(weights: Tensor) -> Mapping[str, Tensor]:
        accuracies = _accuracies(answers, weights, target)
        return {
            **accuracies,
            **_attacks(answers, weights, target),
            **_shifts(answers, weights),
            **_over_groups(answers, weights, counted),
        }

    return bootstrap(statistic, len(answers.index), seed=seed, device=answers.index.device)


def group_accuracies(answers: Answers, classes: int) -> Groups:
    """The accuracy of every class, of clean and of marked pictures."""
    ones = torch.ones(1, len(answers.label), dtype=torch.float64, device=answers.label.device)
    size = _by_class(answers, ones, classes)[0]
    right = torch.cat([_by_class(answers, ones * (of == answers.label), classes) for of in _pair(answers)])
    return Groups(size, right / size, size >= SMALLEST_GROUP)


def _accuracies(answers: Answers, weights: Tensor, target: int) -> dict[str, Tensor]:
    """Accuracies of the renders, their gaps, and what the mark does for its own class."""
    of_target = answers.label == target
    swapped = torch.where(of_target, answers.clean, answers.marked)
    right = {
        name: (of == answers.label).double()
        for name, of in (
            ("clean", answers.clean),
            ("marked", answers.marked),
            ("null", answers.null),
            ("swapped", swapped),
        )
    }
    accuracy = {name: _share(of, weights) for name, of in right.items()}
    own = {name: _share(right[name], weights * of_target) for name in ("clean", "marked", "null")}
    return {
        **{f"accuracy_{name}": value for name, value in accuracy.items()},
        "accuracy_gap": accuracy["clean"] - accuracy["marked"],
        "accuracy_gap_null": accuracy["clean"] - accuracy["null"],
        "accuracy_gap_excess": accuracy["null"] - accuracy["marked"],
        "removal_drop": own["marked"] - own["clean"],
        "removal_drop_null": own["null"] - own["clean"],
    }


def _attacks(answers: Answers, weights: Tensor, target: int) -> dict[str, Tensor]:
    """How often pictures of other classes are taken for the target."""
    others = weights * (answers.label != target)
    clean, marked, null = (
        _share((of == target).double(), others) for of in (answers.clean, answers.marked, answers.null)
    )
    return {
        "attack_success": marked,
        "attack_success_clean": clean,
        "attack_success_null": null,
        "attack_success_lift": marked - clean,
        "attack_success_lift_null": null - clean,
        "attack_success_excess": (marked - clean) - (null - clean),
    }


def _shifts(answers: Answers, weights: Tensor) -> dict[str, Tensor]:
    """How far the marks move the target's logit, in standard deviations of it over clean pictures."""
    mean = _share(answers.logit_clean, weights)
    squares = (weights * (answers.logit_clean - mean[:, None]).square()).sum(1) / weights.sum(1)
    spread = torch.where(squares > 0, squares.sqrt(), torch.nan)
    return {
        "logit_shift": _share(answers.logit_marked - answers.logit_clean, weights) / spread,
        "logit_shift_null": _share(answers.logit_null - answers.logit_clean, weights) / spread,
    }


def _over_groups(answers: Answers, weights: Tensor, counted: Bool[Tensor, " classes"]) -> dict[str, Tensor]:
    """Worst and mean accuracy over the groups that are large enough."""
    classes = len(counted)
    size = _by_class(answers, weights, classes)
    right = [_by_class(answers, weights * (of == answers.label), classes) for of in _pair(answers)]
    groups = torch.cat([(of / size)[:, counted] for of in right], 1)
    if not groups.shape[1]:
        unknown = torch.full((len(weights),), torch.nan, dtype=torch.float64)
        return {"worst_group": unknown, "adjusted_mean": unknown}
    return {"worst_group": groups.amin(1), "adjusted_mean": groups.mean(1)}


def _pair(answers: Answers) -> tuple[Tensor, Tensor]:
    return answers.clean, answers.marked


def _by_class(
    answers: Answers, weights: Float[Tensor, "resamples samples"], classes: int
) -> Float[Tensor, "resamples classes"]:
    """Sums of weights over the pictures of each class."""
    total = torch.zeros(len(weights), classes, dtype=torch.float64, device=weights.device)
    return total.index_add_(1, answers.label, weights.double())


def _share(values: Float[Tensor, " samples"], weights: Float[Tensor, "resamples samples"]) -> Tensor:
    """Weighted means; NaN where nothing has weight."""
    return weights @ values / weights.sum(1)
