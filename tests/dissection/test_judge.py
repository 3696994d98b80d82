"""The judge against a plain implementation, and the floor against permutations."""

import itertools

import numpy as np
import pytest
import torch

from rivalry.data.dataset import Concept
from rivalry.dissection.judge import ConceptCorrelation, Judgement, confirmed_by_chance, judge_labels, presence

CONCEPTS = [Concept(name, "object") for name in ("sky", "snow", "Traffic_Light", "car")]


def test_streamed_correlation_equals_numpy() -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(37, 5, generator=generator) + 10
    masks = torch.randint(0, 5, (37, 5, 1, 2), generator=generator, dtype=torch.int16)
    metric = ConceptCorrelation(units=5, concepts=4)
    for start in range(0, 37, 8):
        metric.update(values[start : start + 8], presence(masks[start : start + 8], 4))
    metric.update(values[:0], presence(masks[:0], 4))
    shown = np.array([[(mask == concept).any() for concept in range(1, 5)] for mask in masks.numpy()])
    expected = np.corrcoef(values.double().numpy().T, shown.T.astype(float))[:5, 5:]
    np.testing.assert_allclose(metric.compute().numpy(), expected, atol=1e-9)


def test_presence_is_any_pixel_in_any_category() -> None:
    masks = torch.zeros(3, 5, 2, 2, dtype=torch.int16)
    masks[0, 1, 0, 1] = 1
    masks[1, 4] = 3
    masks[1, 0, 1, 1] = 2
    assert presence(masks, 3).tolist() == [[True, False, False], [False, True, True], [False, False, False]]


def test_a_label_among_the_three_best_is_confirmed() -> None:
    correlation = torch.tensor(
        [
            [0.9, 0.5, 0.4, 0.3],
            [0.9, 0.5, 0.4, 0.3],
            [-0.1, 0.0, 0.2, -0.3],
            [0.0, 0.0, 0.0, 0.0],
            [0.9, 0.5, 0.4, 0.3],
        ],
        dtype=torch.float64,
    )
    judged = judge_labels(correlation, ["traffic light", "car", "sky", "sky", "zebra"], CONCEPTS)
    assert [one.confirmed for one in judged] == [True, False, False, False, False]
    assert [one.true_concept for one in judged] == ["sky", "sky", "Traffic_Light", "", "sky"]
    assert [one.pearson for one in judged] == [0.9, 0.9, 0.2, 0.0, 0.9]
    assert [one.label_pearson for one in judged] == pytest.approx([0.4, 0.3, -0.1, 0.0, None])


def test_a_dead_unit_s_empty_label_is_not_confirmed() -> None:
    (judged,) = judge_labels(torch.ones(1, 1).double(), [""], [Concept("sky", "scene")])
    assert not judged.confirmed
    assert judged.label_pearson is None


def test_the_floor_is_the_mean_over_all_permutations() -> None:
    correlation = torch.rand(5, 4, generator=torch.Generator().manual_seed(0)).double() - 0.3
    labels = ["sky", "snow", "sky", "zebra", "car"]
    judgements = judge_labels(correlation, labels, CONCEPTS)
    counts = [
        sum(one.confirmed for one in judge_labels(correlation, list(dealt), CONCEPTS))
        for dealt in itertools.permutations(labels)
    ]
    assert 0 < np.mean(counts) < 5
    assert confirmed_by_chance(judgements, labels) == pytest.approx(np.mean(counts))


def test_without_units_nothing_is_confirmed_by_chance() -> None:
    assert confirmed_by_chance([], []) == 0
    assert confirmed_by_chance([Judgement("", 0.0, None, False, frozenset())], ["sky"]) == 0


def test_concepts_that_always_occur_together_share_a_place() -> None:
    correlation = torch.tensor([[0.9, 0.5, 0.2, 0.2 - 1e-15, 0.1]])
    concepts = [Concept(name, "part") for name in ("hull", "boat", "mast", "sail", "flag")]
    for label, confirmed in (("mast", True), ("sail", True), ("flag", False)):
        assert judge_labels(correlation, [label], concepts)[0].confirmed is confirmed
