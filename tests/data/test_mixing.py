"""Mixup and CutMix, checked on images of one shade."""

import numpy as np
import pytest
import torch

from rivalry.data.augmentation import Mixing

SHADES = torch.tensor([0, 100, 200], dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 3, 8, 10)
LABELS = torch.tensor([0, 1, 2])


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(5))
def test_mixup_blends_pixels_and_targets_by_one_share(seed: int) -> None:
    images, target = Mixing(mixup=1.0, cutmix=0)(SHADES, LABELS, 4, generator(seed))
    share = float(target[0, 0])
    assert 0 < share < 1
    expected = torch.tensor([[share, 0, 1 - share, 0], [0, 1, 0, 0], [1 - share, 0, share, 0]])
    torch.testing.assert_close(target, expected)
    assert images.dtype == torch.uint8
    assert images[:, 0, 0, 0].tolist() == [round(200 * (1 - share)), 100, round(200 * share)]
    assert bool((images == images[:, :1, :1, :1]).all())


@pytest.mark.parametrize("seed", range(20))
def test_cutmix_targets_count_the_pixels_that_are_left(seed: int) -> None:
    images, target = Mixing(mixup=0, cutmix=1.0)(SHADES, LABELS, 3, generator(seed))
    for image, own in ((0, 0), (2, 200)):
        left = (images[image, 0] == own).float().mean()
        torch.testing.assert_close(target[image, image], left)
        assert bool(((images[image] == 0) | (images[image] == 200)).all())
    changed = (images[0, 0] != 0).nonzero()
    if len(changed):  # it is a whole rectangle
        assert (changed.amax(0) - changed.amin(0) + 1).prod() == len(changed)
    torch.testing.assert_close(target.sum(1), torch.ones(3))


def test_a_batch_that_is_left_alone_has_sure_targets() -> None:
    images, target = Mixing(probability=0.0)(SHADES, LABELS, 3, generator())
    assert torch.equal(images, SHADES)
    assert torch.equal(target, torch.eye(3))


def test_the_switch_decides_how_often_it_is_cutmix() -> None:
    drawn = generator()
    mixing = Mixing(mixup=1.0, cutmix=1.0, switch=0.3)
    batches = [mixing(SHADES, LABELS, 3, drawn)[0] for _ in range(400)]
    blended = sum(bool(((images != 0) & (images != 200))[[0, 2]].any()) for images in batches)
    assert abs(blended - 280) < 4 * (400 * 0.3 * 0.7) ** 0.5


def test_the_generator_decides_and_the_images_given_stay() -> None:
    given = SHADES.clone()
    first, same, other = (Mixing()(given, LABELS, 3, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first[0], same[0])
    assert torch.equal(first[1], same[1])
    assert not torch.equal(first[1], other[1])
    assert torch.equal(given, SHADES)


@pytest.mark.parametrize("wrong", [{"mixup": -1}, {"mixup": 0, "cutmix": 0}, {"switch": 1.5}, {"probability": -0.1}])
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="wanted α of at least 0"):
        Mixing(**wrong)
