"""Whether the logit goes with the concepts that are said to count."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from rivalry.concepts.answer import LinearAnswer
from rivalry.concepts.faithfulness import (
    deletion,
    insertion,
    judge_importance,
    mu_fidelity,
    optimum,
    random_floor,
)
from rivalry.concepts.importance import RISE, GradientInput, IntegratedGradients, Occlusion, VarGrad
from tests.concepts.answers import Formula, as_formula, drawn, linear, unlinear


def test_areas_by_hand() -> None:
    answer = LinearAnswer(torch.tensor([1.0, 4.0, -2.0]), 10.0)
    codes = torch.ones(1, 2, 3)
    importance = torch.tensor([[1.0, 4.0, -2.0]])  # logits as they go: 13, 9, 8, 10; as they come: 10, 14, 15, 13
    assert deletion(answer, codes, importance).tolist() == pytest.approx([(13 / 2 + 9 + 8 + 10 / 2) / 3])
    assert insertion(answer, codes, importance).tolist() == pytest.approx([(10 / 2 + 14 + 15 + 13 / 2) / 3])


def test_areas_are_those_of_plain_loops() -> None:
    answer, codes = unlinear(), drawn(3, 2, 5) * 2
    importance = drawn(3, 5) - 0.5
    for image in range(3):
        order = importance[image].argsort(descending=True).tolist()
        gone, come = [], []
        for count in range(6):
            keep, bring = torch.ones(5), torch.zeros(5)
            keep[order[:count]], bring[order[:count]] = 0, 1
            gone.append(float(answer.formula(codes[image : image + 1] * keep)))
            come.append(float(answer.formula(codes[image : image + 1] * bring)))
        for area, logits in ((deletion, gone), (insertion, come)):
            wanted = sum((first + second) / 2 / 5 for first, second in itertools.pairwise(logits))
            assert float(area(answer, codes, importance)[image]) == pytest.approx(wanted, rel=1e-5)


def test_twenty_thousand_random_orders_do_not_beat_gradient_times_input_on_a_linear_head() -> None:
    answer, codes = linear(concepts=10, images=3)
    importance = GradientInput().of(answer, codes)
    least, most = deletion(answer, codes, importance), insertion(answer, codes, importance)
    generator = torch.Generator().manual_seed(0)
    for image in range(3):
        orders = torch.rand(20_000, 10, generator=generator)
        same = codes[image].expand(20_000, -1, -1)
        beaten = deletion(answer, same, orders)
        assert float(least[image]) <= float(beaten.min()) + 1e-6
        assert float(most[image]) >= float(insertion(answer, same, orders).max()) - 1e-6
        assert float(beaten.min()) < float(beaten.mean()) - 0.1, "the orders do differ"


def test_every_order_of_five_concepts_is_no_better_than_the_optimum() -> None:
    answer, codes = linear(concepts=5, images=2)
    best = optimum(answer, codes)
    ranks = torch.tensor(list(itertools.permutations(range(5))), dtype=torch.float)
    for image in range(2):
        same = codes[image].expand(120, -1, -1)
        assert float(deletion(answer, same, ranks).min()) == pytest.approx(float(best[0][image]), abs=1e-6)
        assert float(insertion(answer, same, ranks).max()) == pytest.approx(float(best[1][image]), abs=1e-6)


@pytest.mark.parametrize("method", [GradientInput(), IntegratedGradients(), Occlusion(), RISE()])
def test_the_theorem_on_a_linear_head(method: GradientInput) -> None:
    answer, codes = linear(concepts=8, images=6)
    judged = judge_importance(answer, codes, method.of(answer, codes))
    assert judged.deletion == pytest.approx(judged.optimum_deletion, abs=1e-6)
    assert judged.insertion == pytest.approx(judged.optimum_insertion, abs=1e-6)
    assert judged.mu_fidelity == pytest.approx(1, abs=1e-6)


def test_linear_answers_are_judged_as_any_other_but_for_the_optimum() -> None:
    answer, codes = linear(concepts=6, images=3)
    importance = drawn(3, 6) - 0.5
    known, other = judge_importance(answer, codes, importance), judge_importance(as_formula(answer), codes, importance)
    for name in ("deletion", "insertion", "mu_fidelity", "random_deletion", "random_insertion", "gain"):
        assert getattr(known, name) == pytest.approx(getattr(other, name), rel=1e-4), name
    assert other.optimum_deletion is None
    assert other.optimum_insertion is None


def test_fidelity_is_pearsons_over_sets_of_half_the_concepts() -> None:
    answer, codes = unlinear(6), drawn(2, 3, 6)
    importance = drawn(2, 6) - 0.5
    every = list(itertools.combinations(range(6), 3))
    said = torch.stack([importance[:, list(chosen)].sum(1) for chosen in every], 1)
    lost = []
    for chosen in every:
        keep = torch.ones(6)
        keep[list(chosen)] = 0
        lost.append(answer.formula(codes) - answer.formula(codes * keep))
    drops = torch.stack(lost, 1)
    wanted = torch.stack([torch.corrcoef(torch.stack([said[i], drops[i]]))[0, 1] for i in range(2)])
    got = mu_fidelity(answer, codes, importance, subsets=40_000)
    torch.testing.assert_close(got, wanted, atol=0.03, rtol=0)
    assert torch.equal(mu_fidelity(answer, codes, importance, seed=2), mu_fidelity(answer, codes, importance, seed=2))


def test_what_is_added_to_the_importance_of_all_changes_nothing() -> None:
    answer, codes = unlinear(), drawn(3, 2, 5)
    importance = drawn(3, 5) - 0.5
    torch.testing.assert_close(
        mu_fidelity(answer, codes, importance + 7, seed=1),
        mu_fidelity(answer, codes, importance, seed=1),
        atol=1e-4,
        rtol=0,
    )
    torch.testing.assert_close(deletion(answer, codes, importance + 7), deletion(answer, codes, importance))


def test_what_tells_no_concepts_apart_is_judged_as_random_orders_are() -> None:
    answer, codes = LinearAnswer(torch.arange(8.0), 3.0), torch.ones(500, 1, 8)  # by index: the worst order of all
    none = torch.zeros(500, 8)
    down, up = deletion(answer, codes, none), insertion(answer, codes, none)
    for area in (down, up):
        assert abs(float(area.mean()) - 17) < 5 * float(area.std()) / 500**0.5  # the floor: 28 / 2 + 3
    torch.testing.assert_close(down + up, torch.full((500,), 34.0), msg="both go by the same order")
    judged = judge_importance(answer, codes, VarGrad().of(answer, codes), seed=2)
    assert abs(judged.gain) < 0.02
    assert judged.deletion == pytest.approx(float(deletion(answer, codes, none, seed=2).mean()))
    assert judged.deletion != pytest.approx(float(down.mean()), abs=1e-6)


def test_where_nothing_varies_there_is_no_fidelity_and_it_is_said() -> None:
    answer, codes = linear(concepts=4, images=3)
    none = judge_importance(answer, codes, VarGrad().of(answer, codes))
    assert none.constant == 3
    assert none.mu_fidelity != none.mu_fidelity
    codes[1] = 0
    one = judge_importance(answer, codes, GradientInput().of(answer, codes))
    assert one.constant == 1
    assert one.mu_fidelity == pytest.approx(1, abs=1e-6)


def test_a_logit_that_no_concept_moves_has_no_gain() -> None:
    judged = judge_importance(Formula(3, lambda codes: torch.ones(len(codes))), drawn(2, 1, 3), drawn(2, 3))
    assert judged.deletion == judged.insertion == judged.random_deletion == 1
    assert judged.gain != judged.gain
    assert judged.constant == 2


def test_the_floor_of_a_linear_answer_is_half_way() -> None:
    answer, codes = linear(concepts=6, images=40)
    added = (answer.weights * codes.mean(1)).sum(1)
    torch.testing.assert_close(random_floor(answer, codes), added / 2 + answer.constant, rtol=1e-4, atol=1e-5)


def test_the_floor_is_the_mean_of_all_orders() -> None:
    answer, codes = unlinear(4), drawn(1, 2, 4) * 3
    ranks = torch.tensor(list(itertools.permutations(range(4))), dtype=torch.float)
    wanted = deletion(answer, codes.expand(24, -1, -1), ranks).mean()
    torch.testing.assert_close(random_floor(answer, codes, orders=250)[0], wanted, atol=0.02, rtol=0)


def test_gain_has_no_scale() -> None:
    answer, codes = unlinear(), drawn(4, 2, 5)
    importance = drawn(4, 5) - 0.5
    larger = Formula(5, lambda codes: 30 * answer.formula(codes) - 100)
    gains = [judge_importance(one, codes, importance).gain for one in (answer, larger)]
    assert gains[0] == pytest.approx(gains[1], rel=1e-3)


@pytest.mark.parametrize(
    ("codes", "importance", "message"),
    [
        (drawn(2, 1, 4), drawn(2, 4), "of 5 concepts, got 4"),
        (drawn(2, 1, 5), torch.full((2, 5), torch.nan), "importance must be finite"),
    ],
)
def test_bad_input_is_refused(codes: Tensor, importance: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        judge_importance(linear()[0], codes, importance)
