"""The share of a mark that augmentation leaves: nothing, all, or what a crop of known place cuts off."""

import math

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from rivalry.data import PictureBook, Watermark, Watermarked
from rivalry.data.augmentation import CropAndFlip, Mixing, Recipe, ResizedCropAndFlip, cifar, resnet
from rivalry.data.watermark import survival

BOOK = PictureBook(24, seed=5, cache=False)
STILL = Watermark(size=0.4, jitter=0, rotation=0)
LEFT = Watermarked(BOOK, STILL)


def crop(first: int, last: int) -> v2.Lambda:
    """Keep some columns."""
    return v2.Lambda(lambda image: image[:, :, first:last])


def test_without_augmentation_all_of_it_survives() -> None:
    assert survival(LEFT, Recipe()) == 1.0


def test_a_mirror_leaves_all_of_it() -> None:
    assert survival(LEFT, Recipe([v2.RandomHorizontalFlip(1.0)])) == 1.0


def test_a_crop_that_removes_the_mark_leaves_nothing() -> None:
    assert survival(LEFT, Recipe([crop(32, 64)])) == 0.0


def test_an_enlarged_crop_around_the_mark_leaves_all_of_it() -> None:
    assert survival(LEFT, Recipe([crop(0, 32), v2.Resize((64, 64))])) == 1.0


@pytest.mark.parametrize("enlarged", [False, True])
def test_half_a_mark_is_half_a_mark_however_large(enlarged: bool) -> None:
    """COPY has 40 cells, of which 21 are in the first two letters; they begin at column 2.56 + 0.04 and end at 15."""
    steps = [crop(0, 15), v2.Resize((64, 64))] if enlarged else [crop(0, 15)]
    assert survival(LEFT, Recipe(steps)) == pytest.approx(21 / 40, abs=1 / 8)


def test_what_changes_colours_alone_leaves_all_of_it() -> None:
    assert survival(LEFT, Recipe([v2.ColorJitter(0.2, 0.2, 0.2), v2.RandomGrayscale(1.0)])) > 0.95


def test_mixing_is_left_out() -> None:
    assert survival(LEFT, Recipe(mixing=Mixing())) == 1.0


def test_recipes_cut_more_the_more_they_crop() -> None:
    """Four pixels of a shift cannot reach far into the mark; a window of a twelfth of the picture mostly misses it."""
    pictures = Watermarked(PictureBook(60, seed=5, cache=False), Watermark(), 1.0)
    gentle, rough = survival(pictures, cifar()), survival(pictures, resnet(64))
    harshest = survival(pictures, Recipe(batch=ResizedCropAndFlip(64, smallest=0.08, proportion=1.0)))
    assert 0.8 < gentle <= 1.0
    assert 0.2 < harshest < 0.8
    assert 0.2 < rough < 0.8


def test_it_is_what_training_does_to_the_picture() -> None:
    """By the same (seed, epoch, index): a draw of training that moves the mark off the picture counts as none left."""
    shifted, pictures = Recipe(batch=CropAndFlip(padding=40)), Watermarked(BOOK, STILL)
    for index in range(4):
        alone = Watermarked(BOOK, STILL)
        alone.marked = np.arange(24) == index
        images = torch.stack([BOOK[index]["image"], pictures[index]["image"]])
        turns = torch.full((2,), index)
        bare, marked = shifted.on_batch({"image": images}, classes=16, seed=3, epoch=1, turns=turns)["image"]
        gone = torch.equal(bare, marked)
        assert (survival(alone, shifted, seed=3, epoch=1) == 0.0) == gone


def test_seed_and_epoch_decide() -> None:
    shifted = Recipe(batch=CropAndFlip(padding=30))
    found = [survival(LEFT, shifted, seed=seed, epoch=epoch) for seed, epoch in ((0, 0), (0, 0), (1, 0), (0, 1))]
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_it_is_measured_on_marked_pictures_alone() -> None:
    assert math.isnan(survival(Watermarked(BOOK, STILL, share=0.0), Recipe()))
    some = Watermarked(BOOK, STILL, share=0.25)
    assert survival(some, Recipe([crop(32, 64)]), most=3) == 0.0
