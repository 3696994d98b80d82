"""Every metric of reliance, worked out by hand on a few pictures."""

import math

import pytest
import torch

from rivalry.artefacts.watermark.answers import COLUMNS, Answers, from_rows, to_rows
from rivalry.artefacts.watermark.reliance import group_accuracies, reliance_intervals
from rivalry.recording.sample_rows import SampleRows

TARGET = 1
#        label clean marked null  z clean marked null
TABLE = [
    (0, 0, 1, 0, 0.0, 3.0, 0.0),
    (0, 0, 1, 0, 2.0, 4.0, 2.0),
    (0, 1, 1, 0, 0.0, 3.0, 1.0),
    (0, 0, 0, 0, 2.0, 2.0, 2.0),
    (1, 1, 1, 1, 0.0, 2.0, 0.0),
    (1, 0, 1, 0, 2.0, 4.0, 3.0),
]


def answers(table: list[tuple[float, ...]] | None = None) -> Answers:
    columns = torch.tensor(TABLE if table is None else table, dtype=torch.float64).reshape(-1, 7).T
    index = torch.arange(columns.shape[1])
    return Answers(index, *(column.long() for column in columns[:4]), *columns[4:])


def test_by_hand() -> None:
    found = {name: of.value for name, of in reliance_intervals(answers(), TARGET, 2, seed=0).items()}
    deviation = 1.0  # of 0, 2, 0, 2, 0, 2
    expected = {
        "accuracy_clean": 4 / 6,
        "accuracy_marked": 3 / 6,
        "accuracy_null": 5 / 6,
        "accuracy_swapped": 2 / 6,  # the fourth, and of the target's the first
        "accuracy_gap": 1 / 6,
        "accuracy_gap_null": -1 / 6,
        "accuracy_gap_excess": 2 / 6,
        "attack_success": 3 / 4,
        "attack_success_clean": 1 / 4,
        "attack_success_null": 0.0,
        "attack_success_lift": 2 / 4,
        "attack_success_lift_null": -1 / 4,
        "attack_success_excess": 3 / 4,
        "removal_drop": 1.0 - 0.5,
        "removal_drop_null": 0.0,
        "logit_shift": (3 + 2 + 3 + 0 + 2 + 2) / 6 / deviation,
        "logit_shift_null": (0 + 0 + 1 + 0 + 0 + 1) / 6 / deviation,
        "worst_group": math.nan,
        "adjusted_mean": math.nan,
    }
    assert found == pytest.approx(expected, nan_ok=True)


def test_groups_of_fifty_count_and_smaller_ones_do_not() -> None:
    """Class 0: 50 pictures, 40 right clean and 20 marked; class 1: 49 pictures, all wrong."""
    rows = [(0, int(place >= 40), int(place >= 20), 0, 0.0, 0.0, 0.0) for place in range(50)]
    rows += [(1, 0, 0, 0, 0.0, 0.0, 0.0)] * 49
    groups = group_accuracies(answers(rows), 3)
    assert groups.size.tolist() == [50, 49, 0]
    assert groups.counted.tolist() == [True, False, False]
    assert groups.accuracy[:, :2].tolist() == [[0.8, 0.0], [0.4, 0.0]]
    assert groups.accuracy[:, 2].isnan().all()
    found = reliance_intervals(answers(rows), TARGET, 3, seed=0)
    assert found["worst_group"].value == pytest.approx(0.4)
    assert found["adjusted_mean"].value == pytest.approx(0.6)
    assert found["worst_group"].low < 0.4 < found["worst_group"].high


def test_a_mark_without_effect_has_intervals_of_nothing_around_nothing() -> None:
    """The pairs are drawn together: what is the same with and without the mark differs in no resample."""
    rows = [(place % 2, one, one, one, 0.1 * place, 0.1 * place, 0.1 * place) for place in range(30) for one in (0, 1)]
    found = reliance_intervals(answers(rows), TARGET, 2, seed=0)
    gaps = ("accuracy_gap", "attack_success_excess", "attack_success_lift", "removal_drop", "logit_shift")
    for name in gaps:
        assert found[name] == (0.0, 0.0, 0.0)
    assert found["accuracy_clean"].low < 0.5 < found["accuracy_clean"].high


def test_a_logit_that_never_moves_has_no_shift() -> None:
    rows = [(0, 0, 0, 0, 1.0, 1.0, 1.0), (1, 1, 1, 1, 1.0, 1.0, 1.0)]
    assert math.isnan(reliance_intervals(answers(rows), TARGET, 2, seed=0)["logit_shift"].value)


def test_without_the_class_its_metrics_are_unknown_and_the_others_known() -> None:
    found = reliance_intervals(answers(TABLE[:4]), TARGET, 2, seed=0)  # type: ignore[arg-type]
    assert all(math.isnan(one) for one in found["removal_drop"])
    assert found["attack_success"].value == 0.75
    none = reliance_intervals(answers(TABLE[4:]), TARGET, 2, seed=0)  # type: ignore[arg-type]
    assert all(math.isnan(one) for one in none["attack_success"])


def test_what_is_kept_of_a_batch_comes_back_in_order() -> None:
    rows = SampleRows(COLUMNS, 2)
    clean = torch.tensor([[0.0, 5.0, 1.0], [2.0, 0.5, 0.0]])
    rows.update(to_rows(torch.tensor([1, 0]), [clean, clean.flip(1), clean + 1], target=2), torch.tensor([9, 4]))
    found = from_rows(rows)
    assert found.index.tolist() == [4, 9]
    assert found.label.tolist() == [0, 1]
    assert (found.clean.tolist(), found.marked.tolist(), found.null.tolist()) == ([0, 1], [2, 1], [0, 1])
    assert found.logit_clean.tolist() == [0.0, 1.0]
    assert found.logit_marked.tolist() == [2.0, 0.0]
    assert found.logit_null.tolist() == [1.0, 2.0]
