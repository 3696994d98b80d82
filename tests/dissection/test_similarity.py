"""The five similarity functions: golden values, hand-worked cases, invariances."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from rivalry.dissection.similarity import (
    above_chance,
    cos_similarity,
    cos_similarity_cubed,
    rank_reorder,
    soft_wpmi,
    soft_wpmi_evidence,
    wpmi,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "clip_dissect_21e7697.npz"


@pytest.fixture(scope="module")
def golden() -> dict[str, Tensor]:
    return {name: torch.from_numpy(values) for name, values in np.load(GOLDEN).items()}


def strongest(activations: Tensor, k: int) -> Tensor:
    return activations.topk(k, dim=0).indices.T


@pytest.mark.parametrize("function", [cos_similarity, cos_similarity_cubed])
def test_cosines_equal_the_reference(golden: dict[str, Tensor], function: Callable[..., Tensor]) -> None:
    scores = function(golden["image_text"], golden["activations"])
    torch.testing.assert_close(scores, golden[function.__name__], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("function", "k"), [(wpmi, 28), (soft_wpmi, 100)])
def test_information_equals_the_reference(golden: dict[str, Tensor], function: Callable[..., Tensor], k: int) -> None:
    scores = function(golden["image_text"], strongest(golden["activations"], k))
    # Scores reach 35. What is left (1e-4) is the float32 rounding of the reference; ours is a product in float64.
    torch.testing.assert_close(scores, golden[function.__name__].double(), atol=1e-4, rtol=1e-6)


def test_rank_reorder_lies_within_the_spread_of_the_reference(golden: dict[str, Tensor]) -> None:
    scores = rank_reorder(golden["image_text"], golden["activations"])
    away = (scores - golden["rank_reorder_mean10"]).abs() / golden["rank_reorder_std10"]
    assert away.max() < 2
    assert away.mean() < 0.5
    assert torch.equal(scores, rank_reorder(golden["image_text"], golden["activations"]))  # no hidden randomness


def test_all_but_the_plain_cosine_find_the_planted_concepts(golden: dict[str, Tensor]) -> None:
    image_text, activations, planted = golden["image_text"], golden["activations"], golden["planted"]
    top = strongest(activations, 28)
    for scores in (cos_similarity_cubed(image_text, activations), wpmi(image_text, top), soft_wpmi(image_text, top)):
        assert (scores.argmax(1) == planted).float().mean() > 0.85


def test_rank_reorder_knows_no_nan() -> None:
    generator = torch.Generator().manual_seed(0)
    image_text = torch.randn(60, 5, generator=generator)  # half of the means are negative
    activations = torch.rand(60, 3, generator=generator)
    activations[:, 2] = 0.0  # a silent unit
    scores = rank_reorder(image_text, activations)
    assert scores.isfinite().all()
    assert (scores <= 0).all()


def test_rank_reorder_by_hand() -> None:
    """Two concepts over the top two of forty images: one agrees with the unit, one reverses it."""
    activations = torch.zeros(40, 1)
    activations[3], activations[7] = 2.0, 1.0
    image_text = torch.full((40, 2), 0.01)
    image_text[3], image_text[7] = torch.tensor([0.36, 0.14]), torch.tensor([0.14, 0.36])
    # Reversed: both move by 1, so the error is 1; chance is (0 + 1 + 1 + 0) / 4. The mean cosine is 0.25, its root 0.5.
    assert rank_reorder(image_text, activations)[0].tolist() == pytest.approx([0.0, -1.0 / 0.5 / 0.5])


def test_soft_wpmi_by_hand() -> None:
    image_text = torch.tensor([[math.log(3.0), 0.0], [0.0, 0.0]]) / 10  # softmax(10·P): (3/4, 1/4) and (1/2, 1/2)
    evidence = soft_wpmi_evidence(image_text, torch.tensor([[0, 1]]))
    first, second = 0.998, 0.998 - 0.5 * 0.028
    expected = [math.log(1 + first * (chance - 1)) + math.log(1 + second * (0.5 - 1)) for chance in (0.75, 0.25)]
    assert evidence[0].tolist() == pytest.approx(expected, abs=1e-6)


def test_a_hundred_terms_and_more_do_not_underflow() -> None:
    image_text = torch.tensor([[1.0, -1.0]] * 400)
    evidence = soft_wpmi_evidence(image_text, torch.arange(400)[None], scale=50.0)
    chance = torch.softmax(50.0 * image_text[0], 0).double()
    sure = 0.998 - torch.arange(400, dtype=torch.float64)[:, None] / 400 * 0.028
    expected = torch.log(1 + sure * (chance - 1) + 1e-7).sum(0)
    torch.testing.assert_close(evidence[0], expected, atol=0.05, rtol=1e-4)
    assert evidence.isfinite().all()


def test_units_with_few_wins_weigh_as_others_do() -> None:
    """Fault 4: top images that are no wins (-1) are no evidence."""
    image_text = torch.rand(6, 4, generator=torch.Generator().manual_seed(0))
    full = soft_wpmi_evidence(image_text, torch.tensor([[2, 2]]))
    part = soft_wpmi_evidence(image_text, torch.tensor([[2, -1]]))
    first = torch.log(1 + 0.998 * (torch.softmax(10 * image_text[2].double(), 0) - 1) + 1e-7)
    torch.testing.assert_close(part[0], 2 * first, atol=1e-5, rtol=0)
    assert not torch.allclose(full, part)


@pytest.mark.parametrize("function", [wpmi, soft_wpmi])
def test_a_unit_without_wins_is_no_company(function: Callable[..., Tensor]) -> None:
    image_text = torch.rand(6, 4, generator=torch.Generator().manual_seed(0))
    alone = function(image_text, torch.tensor([[0, 1], [2, 3]]))
    beside = function(image_text, torch.tensor([[0, 1], [-1, -1], [2, 3]]))
    torch.testing.assert_close(beside[[0, 2]], alone)
    assert (beside[1] == -math.inf).all()
    assert (function(image_text, torch.full((2, 3), -1)) == -math.inf).all()


def test_labels_depend_on_the_company() -> None:
    evidence = torch.tensor([[-1.0, -1.2], [-1.0, -9.0]]).double()
    assert above_chance(evidence[:1], 1.0)[0].tolist() == [0.0, 0.0]
    assert above_chance(evidence, 1.0)[0].argmax() == 1  # the other unit already says concept 0


@pytest.mark.parametrize("function", [wpmi, soft_wpmi])
def test_the_order_of_concepts_and_units_does_not_matter(
    golden: dict[str, Tensor], function: Callable[..., Tensor]
) -> None:
    image_text, top = golden["image_text"], strongest(golden["activations"], 20)
    generator = torch.Generator().manual_seed(0)
    units, concepts = torch.randperm(48, generator=generator), torch.randperm(90, generator=generator)
    permuted = function(image_text[:, concepts], top[units])
    torch.testing.assert_close(permuted, function(image_text, top)[units][:, concepts], atol=1e-4, rtol=0)
