"""Linear probes of single tokens: they find what is there, and nothing where nothing is."""

import math

import numpy as np
import numpy.typing as npt
import pytest
import torch

from rivalry.artefacts.registers import linear_probes


def place_score(tokens: npt.NDArray[np.float32], places: npt.NDArray[np.int64], grid: tuple[int, int]) -> float:
    return linear_probes.place_score(torch.from_numpy(tokens), torch.from_numpy(places), grid)


def class_score(tokens: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> float:
    return linear_probes.class_score(torch.from_numpy(tokens), torch.from_numpy(labels))


def test_a_place_that_tokens_hold_is_read() -> None:
    random = np.random.default_rng(0)
    places = random.integers(0, 6 * 9, 300)
    rows, columns = np.divmod(places, 9)
    tokens = random.normal(size=(300, 20)).astype(np.float32)
    assert abs(place_score(tokens, places, (6, 9))) < 0.2
    tokens[:, 3], tokens[:, 7] = 40 * rows, -3 * columns
    assert 0.6 < place_score(tokens, places, (6, 9)) <= 1


def test_an_exact_place_scores_near_one_and_the_grids_variance_is_its_own() -> None:
    places = np.tile(np.arange(20), 200)
    rows, columns = np.divmod(places, 5)
    tokens = np.repeat(np.stack([rows, columns], 1), 30, axis=1).astype(np.float32)  # thirtyfold: hardly any shrinkage
    assert place_score(tokens, places, (4, 5)) > 0.99
    variance = ((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2).mean()
    assert math.isclose(variance, (4**2 - 1) / 12 + (5**2 - 1) / 12)


def test_a_class_that_tokens_hold_is_read() -> None:
    random = np.random.default_rng(1)
    labels = np.arange(240) % 4
    tokens = random.normal(size=(240, 16)).astype(np.float32)
    assert abs(class_score(tokens, labels) - 0.25) < 0.12
    tokens[np.arange(240), labels] += 8
    assert class_score(tokens, labels) > 0.95
    assert class_score(tokens, 100 + 7 * labels) == class_score(tokens, labels)  # numbers of classes are names


def test_an_image_is_never_tested_by_what_it_taught() -> None:
    """With labels at random, a probe tested on its own images would be right; ours is not."""
    random = np.random.default_rng(2)
    tokens = random.normal(size=(100, 400)).astype(np.float32)
    assert class_score(tokens, random.integers(0, 2, 100)) < 0.7


def test_channels_that_never_vary_or_vary_hugely_do_no_harm() -> None:
    random = np.random.default_rng(3)
    labels = np.arange(200) % 2
    tokens = random.normal(size=(200, 6)).astype(np.float32)
    tokens[:, 0] += 6 * labels
    expected = class_score(tokens, labels)
    tokens[:, 5] = 300
    assert class_score(tokens, labels) == pytest.approx(expected, abs=0.02)


def test_too_few_tell_nothing() -> None:
    tokens = np.zeros((39, 3), dtype=np.float32)
    assert math.isnan(place_score(tokens, np.zeros(39, dtype=np.int64), (3, 3)))
    assert math.isnan(class_score(tokens, np.arange(39) % 2))
    many = np.zeros((120, 3), dtype=np.float32)
    assert math.isnan(class_score(many, np.arange(120)))  # a class an image, as in a sample of ImageNet
    assert math.isnan(class_score(many, np.zeros(120, dtype=np.int64)))
    assert math.isnan(place_score(many, np.zeros(120, dtype=np.int64), (1, 1)))
