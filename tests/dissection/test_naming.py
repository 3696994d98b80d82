"""Labels come from a layer's own units, groups and features change nothing, dead units have none."""

import math
from collections.abc import Callable

import pytest
import torch

from rivalry.dissection import naming
from rivalry.dissection.naming import (
    Name,
    check_similarity,
    name_units,
    parameters,
    score_by_all_images,
    score_by_top_images,
)
from rivalry.dissection.similarity import Similarity, cos_similarity_cubed, rank_reorder, soft_wpmi, wpmi


def features(count: int, seed: int) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.randn(count, 6, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_the_best_word_the_runner_up_and_the_margin() -> None:
    scores = torch.tensor([[1.0, 3.0, 2.5], [-math.inf, -math.inf, -math.inf], [0.0, 0.0, -1.0]])
    named = name_units(scores, ["sky", "snow", "car"], torch.tensor([False, True, False]))
    assert named == [Name("snow", 3.0, "car", 0.5), Name("", None, "", None), Name("sky", 0.0, "snow", 0.0)]


def test_of_equal_words_the_first_counts_without_a_full_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = torch.randint(0, 9, (50, 3000), generator=torch.Generator().manual_seed(0)).float()
    values, order = scores.sort(dim=1, descending=True, stable=True)
    words = [str(word) for word in range(3000)]
    monkeypatch.setattr(torch.Tensor, "sort", lambda *_, **__: pytest.fail("sorted"))
    named = name_units(scores, words, torch.zeros(50, dtype=torch.bool))
    assert [(name.label, name.runner_up) for name in named] == [
        (words[best], words[next_best]) for best, next_best in order[:, :2].tolist()
    ]
    assert [name.score for name in named] == values[:, 0].tolist()


@pytest.mark.parametrize("similarity", ["soft_wpmi", "wpmi"])
def test_top_images_in_groups_equal_the_whole(similarity: Similarity, monkeypatch: pytest.MonkeyPatch) -> None:
    images, words = features(30, 0), features(7, 1)
    top = torch.stack([torch.randperm(30, generator=torch.Generator().manual_seed(u))[:5] for u in range(9)])
    top[3, 2:] = -1
    top[4] = -1
    function = {"soft_wpmi": soft_wpmi, "wpmi": wpmi}[similarity]
    expected = function(images @ words.T, top)
    torch.testing.assert_close(score_by_top_images(similarity, top, images, words), expected, atol=1e-5, rtol=0)
    monkeypatch.setattr(naming, "_ELEMENTS_AT_ONCE", 70)  # two units at a time
    torch.testing.assert_close(score_by_top_images(similarity, top, images, words), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("similarity", "function"), [("cos_similarity_cubed", cos_similarity_cubed), ("rank_reorder", rank_reorder)]
)
def test_all_images_in_groups_equal_the_whole(
    similarity: Similarity, function: Callable[..., torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    images, words = features(40, 0), features(7, 1)
    activations = torch.rand(40, 3, generator=torch.Generator().manual_seed(2))
    expected = function(images @ words.T, activations)
    monkeypatch.setattr(naming, "_ELEMENTS_AT_ONCE", 80)  # two concepts at a time
    torch.testing.assert_close(score_by_all_images(similarity, activations, images, words), expected)


def test_the_record_can_say_every_number_of_a_formula() -> None:
    assert parameters("soft_wpmi") == {"scale": 10.0, "strength": 1.0, "surest": 0.998, "least_sure": 0.97}
    assert parameters("wpmi") == {"scale": 2.0, "strength": 0.6}
    assert parameters("rank_reorder") == {"top_fraction": 0.05, "power": 3.0, "mean_power": 0.5}
    assert parameters("cos_similarity") == {}


def test_an_unknown_similarity_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown similarity 'softwpmi'; known are cos_similarity"):
        check_similarity("softwpmi")
