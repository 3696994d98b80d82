"""How interpretable a basis is: closed forms beside the integrals that define them."""

import math

import pytest
import torch
from torch import Tensor

from rivalry.basis.detectors.scores import at_label
from rivalry.basis.measures import (
    best_on_the_other_half,
    detectors,
    s1,
    s2,
    shuffled_sums,
    unique_detectors,
)


def drawn(units: int, concepts: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(units, generator=generator), torch.randint(concepts, (units,), generator=generator)


@pytest.mark.parametrize("seed", range(5))
def test_the_sums_are_the_integrals_of_the_numbers_of_detectors(seed: int) -> None:
    scores, labels = drawn(23, 7, seed)
    steps = 20_000
    first = second = 0
    for threshold in ((torch.arange(steps) + 0.5) / steps).tolist():
        above = scores >= threshold
        first += int(above.sum())
        second += len(set(labels[above].tolist()))
    assert s1(scores) == pytest.approx(first / steps, abs=23 / steps)
    assert s2(scores, labels) == pytest.approx(second / steps, abs=7 / steps)


def test_what_is_not_known_adds_nothing() -> None:
    scores, labels = torch.tensor([0.5, math.nan, math.nan, 0.2]), torch.tensor([0, 1, -1, 1])
    assert s1(scores) == pytest.approx(0.7)
    assert s2(scores, labels) == pytest.approx(0.7)
    assert detectors(scores) == unique_detectors(scores, labels) == 2
    nothing = torch.full((2,), math.nan), torch.full((2,), -1)
    assert (s1(nothing[0]), s2(*nothing), detectors(nothing[0]), unique_detectors(*nothing)) == (0.0, 0.0, 0, 0)


def test_one_detector_a_concept_makes_both_sums_the_same() -> None:
    scores = torch.tensor([0.5, 0.3, 0.2])
    assert s1(scores) == s2(scores, torch.tensor([2, 0, 1]))


def test_a_detector_is_above_its_threshold_strictly() -> None:
    scores = torch.tensor([0.04, 0.0401], dtype=torch.double)
    assert detectors(scores) == 1


def test_shuffled_labels_come_to_the_mean_over_all_pairs() -> None:
    scores, labels = torch.rand(60, 5, generator=torch.Generator().manual_seed(0)), drawn(60, 5, 1)[1]
    expected = float(scores[:, labels].mean(1).sum())
    first, second = shuffled_sums(scores, labels, seed=0)
    assert first == pytest.approx(expected, rel=0.01)
    assert 0 < second < 5
    assert shuffled_sums(scores, labels, seed=0) == (first, second)
    assert shuffled_sums(scores, labels, seed=1) != (first, second)


def test_labels_that_fit_beat_shuffled_ones() -> None:
    scores = torch.eye(6)
    labels = torch.arange(6)
    assert s1(at_label(scores, labels)) == 6
    first, second = shuffled_sums(scores, labels, seed=0)
    assert first == pytest.approx(1.0, abs=0.5)  # a permutation has one fixed point on average
    assert first == second


def test_scores_are_chosen_on_one_half_and_taken_on_the_other() -> None:
    train = torch.tensor([[0.9, 0.6], [math.nan, 0.6], [math.nan, math.nan], [0.9, 0.1]])
    validation = torch.tensor([[0.7, 0.8], [0.7, 0.5], [1.0, 1.0], [math.nan, 0.5]])
    found = best_on_the_other_half(train, validation)
    assert found[:2].tolist() == pytest.approx([0.7, 0.5])
    assert found[2:].isnan().all()
