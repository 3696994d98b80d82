"""Words for concepts: what the running means give is what the formula says of every crop."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from rivalry.concepts.record.naming import BACKGROUND, Called, SeenViews, name_concepts

SCALE = 20.0


def sphere(*shape: int, seed: int) -> Tensor:
    return functional.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), dim=-1)


def plain_scores(crops: Tensor, concept: Tensor, class_: Tensor, words: Tensor) -> Tensor:
    """The formula, view by view."""
    logs = (SCALE * crops.double() @ words.double().T).log_softmax(1)
    rows = []
    for one in concept.unique().tolist():
        others = concept != one
        siblings = others & (class_[concept] == class_[one])
        own = logs[siblings].mean(0) if bool(siblings.any()) else torch.zeros(len(words))
        rows.append(logs[concept == one].mean(0) - BACKGROUND[0] * logs[others].mean(0) - BACKGROUND[1] * own)
    return torch.stack(rows)


def test_scores_are_those_of_the_formula() -> None:
    crops, words, concept = sphere(12, 6, seed=0), sphere(5, 6, seed=1), torch.tensor([0] * 5 + [1] * 3 + [2] * 4)
    vocabulary, class_ = tuple("abcde"), torch.tensor([4, 7, 4])
    expected = plain_scores(crops, concept, class_, words)
    called = name_concepts(SeenViews.of(crops, concept, 3, words, SCALE), class_, words, vocabulary, SCALE)
    for one, scores in zip(called, expected, strict=True):
        best, second = scores.topk(2).indices.tolist()
        assert (one.name, one.runner_up) == (vocabulary[best], vocabulary[second])
        assert one.score == pytest.approx(float(scores[best]))


def test_a_word_that_fits_every_view_names_none() -> None:
    words = torch.eye(3)  # the third is near to all crops, the others tell the concepts apart
    crops = functional.normalize(torch.tensor([[0.6, 0.0, 0.8], [0.0, 0.6, 0.8]]), dim=1)
    seen = SeenViews.of(crops, torch.tensor([0, 1]), 2, words, SCALE)
    called = name_concepts(seen, torch.tensor([0, 0]), words, ("wheel", "leaf", "picture"), SCALE)
    assert [one.name for one in called] == ["wheel", "leaf"]


def test_a_concept_without_crops_has_no_name() -> None:
    words = sphere(4, 3, seed=2)
    seen = SeenViews.of(words[:1], torch.tensor([1]), 2, words, SCALE)
    first, second = name_concepts(seen, torch.tensor([0, 1]), words, tuple("abcd"), SCALE)
    assert first == Called()
    assert second.name == "a"  # nothing to compare with: the likeliest word
    assert second.score == pytest.approx(
        float((SCALE * words[0].double() @ words.double().T).log_softmax(0)[0]), rel=1e-4
    )
