"""The judge against plain implementations, and the floors against permutations."""

import itertools
import math

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from rivalry.data.dataset import Concept
from rivalry.dissection.judge import Judgement, Verdict, confirmed_by_chance, judge_labels
from rivalry.dissection.truth import Truth, TruthStream

CONCEPTS = [Concept(name, "object") for name in ("sky", "snow", "Traffic_Light", "car")]


def truth_of(correlation: torch.Tensor) -> Truth:
    """With a sample of which only the form matters."""
    units, concepts = correlation.shape
    return Truth(correlation.double(), torch.rand(6, units), torch.eye(6, concepts).bool())


def drawn(units: int = 5, images: int = 60) -> Truth:
    generator = torch.Generator().manual_seed(0)
    shown = torch.rand(images, 4, generator=generator) < torch.tensor([0.5, 0.3, 0.2, 0.1])
    values = torch.randn(images, units, generator=generator) + shown.float() @ torch.rand(4, units, generator=generator)
    stream = TruthStream(units, 4, images, device=torch.device("cpu"))
    stream.add(values, shown, torch.arange(images))
    return stream.compute()


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
    judged = judge_labels(truth_of(correlation), ["traffic light", "car", "sky", "sky", "zebra"], CONCEPTS).judgements
    assert [one.confirmed for one in judged] == [True, False, False, False, False]
    assert [one.true_concept for one in judged] == ["sky", "sky", "Traffic_Light", "", "sky"]
    assert [one.true and one.true.pearson for one in judged] == [0.9, 0.9, 0.2, None, 0.9]
    assert [one.label and one.label.pearson for one in judged] == [0.4, 0.3, -0.1, 0.0, None]


def test_agreement_is_that_of_plain_functions() -> None:
    truth, labels = drawn(), ["car", "snow", "zebra", "traffic light", "sky"]
    names = ["sky", "snow", "traffic light", "car"]
    for unit, (label, one) in enumerate(zip(labels, judge_labels(truth, labels, CONCEPTS).judgements, strict=True)):
        x = truth.values[:, unit].numpy()
        held_to = [(one.true_concept.replace("_", " ").lower(), one.true)] + [(label, one.label)] * (label in names)
        assert (one.label is None) == (label == "zebra")
        for name, agreement in held_to:
            assert agreement is not None
            y = truth.shown[:, names.index(name)].numpy()
            active = x >= np.sort(x)[::-1][y.sum() - 1]
            assert agreement.pearson == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-6)
            assert agreement.auprc == pytest.approx(average_precision_score(y, x), abs=1e-6)
            assert agreement.iou == pytest.approx((active & y).sum() / (active | y).sum(), abs=1e-6)


def test_a_name_of_two_concepts_is_held_to_the_nearer_one() -> None:
    concepts = [Concept("orange", "colour"), Concept("orange", "object"), *CONCEPTS[2:]]
    truth = drawn()
    judged = judge_labels(truth, ["orange"] * 5, concepts).judgements
    expected = truth.correlation[:, :2].max(1).values.tolist()
    assert [one.label and one.label.pearson for one in judged] == pytest.approx(expected)


def test_a_dead_unit_s_empty_label_is_not_confirmed() -> None:
    verdict = judge_labels(truth_of(torch.ones(1, 1)), [""], [Concept("sky", "scene")])
    assert not verdict.judgements[0].confirmed
    assert verdict.judgements[0].label is None
    assert math.isnan(verdict.confirmed_floor)
    assert math.isnan(verdict.floor.auprc)


def dealt_at_random(truth: Truth, labels: list[str]) -> list[Verdict]:
    return [judge_labels(truth, list(order), CONCEPTS) for order in itertools.permutations(labels)]


def test_the_floors_are_means_over_all_permutations() -> None:
    truth, labels = drawn(), ["sky", "snow", "sky", "zebra", "car"]
    verdict = judge_labels(truth, labels, CONCEPTS)
    every = [one for verdict in dealt_at_random(truth, labels) for one in verdict.judgements]
    confirmed = np.mean([one.confirmed for one in every])
    assert 0 < confirmed < 1
    assert verdict.confirmed_floor == pytest.approx(confirmed)
    assert confirmed_by_chance(verdict.judgements, labels) == pytest.approx(5 * confirmed)
    known = [one.label for one in every if one.label is not None]
    assert verdict.floor == pytest.approx(np.mean(known, axis=0))


def test_dead_units_take_no_part_in_the_floor() -> None:
    truth, labels = drawn(), ["sky", "snow", "car", "sky", ""]
    alone = Truth(truth.correlation[:4], truth.values[:, :4], truth.shown)
    ours, theirs = judge_labels(truth, labels, CONCEPTS), judge_labels(alone, labels[:4], CONCEPTS)
    assert ours.confirmed_floor == pytest.approx(theirs.confirmed_floor)
    assert ours.floor == pytest.approx(theirs.floor)


def test_a_concept_that_no_image_shows_leaves_its_ranking_unknown() -> None:
    truth = drawn()
    truth.shown[:, 3] = False
    verdict = judge_labels(truth, ["car", "sky", "sky", "sky", "sky"], CONCEPTS)
    label = verdict.judgements[0].label
    assert label is not None
    assert math.isnan(label.auprc)
    assert math.isnan(label.iou)
    assert math.isfinite(verdict.floor.auprc)


def test_without_units_nothing_is_confirmed_by_chance() -> None:
    assert confirmed_by_chance([], []) == 0
    assert confirmed_by_chance([Judgement("", None, None, False, frozenset())], ["sky"]) == 0


def test_concepts_that_always_occur_together_share_a_place() -> None:
    correlation = torch.tensor([[0.9, 0.5, 0.2, 0.2 - 1e-15, 0.1]], dtype=torch.float64)
    concepts = [Concept(name, "part") for name in ("hull", "boat", "mast", "sail", "flag")]
    for label, confirmed in (("mast", True), ("sail", True), ("flag", False)):
        assert judge_labels(truth_of(correlation), [label], concepts).judgements[0].confirmed is confirmed
