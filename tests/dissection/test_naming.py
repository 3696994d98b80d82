"""Labels come from a layer's own units; tiles, groups and features change nothing; dead units have none."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rivalry.dissection import evidence, naming
from rivalry.dissection.best_words import BestWords
from rivalry.dissection.naming import (
    Name,
    best_by_all_images,
    best_by_top_images,
    check_similarity,
    name_units,
    parameters,
    softmax_normalisers,
)
from rivalry.dissection.similarity import (
    Similarity,
    cos_similarity,
    cos_similarity_cubed,
    rank_reorder,
    soft_wpmi,
    wpmi,
)

BY_TOP: dict[Similarity, Callable[..., Tensor]] = {"soft_wpmi": soft_wpmi, "wpmi": wpmi}


def features(count: int, seed: int, width: int = 6) -> Tensor:
    drawn = torch.randn(count, width, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(drawn, dim=1)


def tops(units: int, images: int, k: int) -> Tensor:
    """Top images of units, of which the fourth won too seldom and the fifth never."""
    generator = torch.Generator().manual_seed(2)
    top = torch.stack([torch.randperm(images, generator=generator)[:k] for _ in range(units)])
    top[3, 2:] = -1
    top[4] = -1
    return top


def expect_best(found: BestWords, scores: Tensor, living: Tensor) -> None:
    """Those that a stable sort of the whole matrix finds."""
    values, order = scores.double().sort(dim=1, descending=True, stable=True)
    assert torch.equal(found.words[living], order[living, :2])
    torch.testing.assert_close(found.scores[living], values[living, :2], atol=2e-5, rtol=0)


def test_the_best_word_the_runner_up_and_the_margin() -> None:
    best = BestWords(torch.tensor([[3.0, 2.5], [-torch.inf, -torch.inf]]), torch.tensor([[1, 2], [0, 0]]))
    named = name_units(best, ["sky", "snow", "car"], torch.tensor([False, True]))
    assert named == [Name("snow", 3.0, "car", 0.5), Name("", None, "", None)]


@pytest.mark.parametrize("similarity", ["soft_wpmi", "wpmi"])
@pytest.mark.parametrize("words_at_once", [1, 7, 64])
def test_top_images_in_tiles_equal_the_formula(
    similarity: Similarity, words_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The formula is in float64; here are tiles of words, and normalisers in parts of images and words."""
    images, words, top = features(50, 0), features(100, 1), tops(9, 50, 30)
    monkeypatch.setattr(evidence, "_words_at_once", lambda *_: words_at_once)
    monkeypatch.setattr(evidence, "_ROWS", 16)
    monkeypatch.setattr(evidence, "_COLUMNS", 33)
    living = (top >= 0).any(1)
    expect_best(best_by_top_images(similarity, top, images, words), BY_TOP[similarity](images @ words.T, top), living)


@pytest.mark.parametrize("similarity", ["soft_wpmi", "wpmi"])
def test_more_than_a_hundred_top_images_of_a_small_vocabulary(similarity: Similarity) -> None:
    """Words that fit perfectly: the products are as large as they can be."""
    images, words = features(400, 0, width=2), torch.eye(2)
    top = tops(6, 400, 300)
    scores = BY_TOP[similarity](images @ words.T, top)
    found = best_by_top_images(similarity, top, images, words)
    torch.testing.assert_close(found.scores[:4], scores[:4].sort(descending=True).values, atol=1e-4, rtol=1e-6)


@pytest.mark.parametrize("similarity", ["soft_wpmi", "wpmi"])
def test_normalisers_of_all_layers_at_once_change_nothing(similarity: Similarity) -> None:
    images, words, top = features(50, 0), features(20, 1), tops(9, 30, 5)  # of the images 30 at most are top images
    alone = best_by_top_images(similarity, top, images[:30], words)
    beside = best_by_top_images(similarity, top, images, words, softmax_normalisers(similarity, images, words))
    assert torch.equal(alone.words, beside.words)
    torch.testing.assert_close(alone.scores, beside.scores, atol=1e-5, rtol=0)


@pytest.mark.parametrize("similarity", ["soft_wpmi", "wpmi"])
def test_a_layer_without_wins_has_no_words(similarity: Similarity) -> None:
    found = best_by_top_images(similarity, torch.full((3, 5), -1), features(4, 0), features(7, 1))
    assert (found.scores == -torch.inf).all()


def test_all_images_in_tiles_equal_the_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    images, words = features(40, 0), features(7, 1)
    activations = torch.rand(40, 3, generator=torch.Generator().manual_seed(2))
    monkeypatch.setattr(naming, "_ELEMENTS_AT_ONCE", 80)  # two concepts at a time
    functions: dict[Similarity, Callable[..., Tensor]] = {
        "cos_similarity": cos_similarity,
        "cos_similarity_cubed": cos_similarity_cubed,
        "rank_reorder": rank_reorder,
    }
    for similarity, function in functions.items():
        found = best_by_all_images(similarity, activations, images, words)
        expect_best(found, function(images @ words.T, activations), torch.ones(3, dtype=torch.bool))


def test_the_record_can_say_every_number_of_a_formula() -> None:
    assert parameters("soft_wpmi") == {"scale": 10.0, "strength": 1.0, "surest": 0.998, "least_sure": 0.97}
    assert parameters("wpmi") == {"scale": 2.0, "strength": 0.6}
    assert parameters("rank_reorder") == {"top_fraction": 0.05, "power": 3.0, "mean_power": 0.5}
    assert parameters("cos_similarity") == {}


def test_an_unknown_similarity_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown similarity 'softwpmi'; known are cos_similarity"):
        check_similarity("softwpmi")
