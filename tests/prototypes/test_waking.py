"""Silent units start where they answer: each copy from another noise picture, or from a natural one."""

from __future__ import annotations

import torch

from rivalry.prototypes.images import Statistics
from rivalry.prototypes.natural import Worth
from rivalry.prototypes.waking import NOISE, noise_pictures, woken

NOISES = torch.arange(3.0)[:, None, None, None].expand(3, 3, 2, 2) / 10
NATURAL = [torch.full((3, 2, 2), 0.7), torch.full((3, 2, 2), 0.9)]


def test_each_copy_starts_from_another_noise_picture_that_is_answered() -> None:
    values = torch.tensor([[1.0, 5.0], [3.0, 6.0], [2.0, 7.0]])
    answered = torch.tensor([[True, False], [True, True], [True, False]])
    found = woken(NOISES, Worth(values, answered), NATURAL, copies=2)
    assert found.images[:, 0, 0, 0].tolist() == torch.tensor([0.1, 0.2, 0.1, 0.9]).tolist()
    assert found.by_noise.tolist() == [True, True, True, False]


def test_more_copies_than_noise_pictures_start_from_a_natural_one() -> None:
    worth = Worth(torch.ones(3, 1), torch.ones(3, 1, dtype=torch.bool))
    found = woken(NOISES, worth, NATURAL[:1], copies=5)
    assert found.by_noise.tolist() == [True, True, True, False, False]
    assert torch.equal(found.images[4], NATURAL[0])


def test_noise_is_like_the_pictures_in_colour_and_another_by_seed() -> None:
    statistics = Statistics.plain(3, 16, 16)
    first, again, other = (noise_pictures((3, 16, 16), statistics, seed, torch.device("cpu")) for seed in (0, 0, 1))
    assert first.shape == (NOISE, 3, 16, 16)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert abs(float(first.mean()) - 0.5) < 0.05
    assert 0 <= float(first.min()) < 0.2 < 0.8 < float(first.max()) <= 1
    assert len(first.flatten(1).unique(dim=0)) == NOISE
