"""Random crops and flips, checked with numbers chosen by hand."""

import pytest
import torch

from rivalry.data.augmentation import Augmentation, CropAndFlip, ResizedCropAndFlip, draw_evenly

KEEP = 0.9
MIRROR = 0.1


def ramp(height: int, width: int) -> torch.Tensor:
    """One image whose three channels say row, column and 7."""
    rows = torch.arange(height, dtype=torch.uint8)[:, None].expand(height, width)
    columns = torch.arange(width, dtype=torch.uint8)[None].expand(height, width)
    return torch.stack((rows, columns, torch.full_like(rows, 7)))[None]


def test_the_middle_crop_is_the_image() -> None:
    image = ramp(5, 6)
    assert torch.equal(CropAndFlip(padding=4)(image, torch.tensor([[0.5, 0.5, KEEP]])), image)


def test_a_crop_in_the_corner_shows_the_padding() -> None:
    image = ramp(3, 3)
    cropped = CropAndFlip(padding=1)(image, torch.tensor([[0.0, 0.999, KEEP]]))
    assert cropped[0, 2].tolist() == [[0, 0, 0], [7, 7, 0], [7, 7, 0]]
    assert cropped[0, 1].tolist() == [[0, 0, 0], [1, 2, 0], [1, 2, 0]]


def test_a_mirrored_crop_is_the_crop_mirrored() -> None:
    image = ramp(5, 6)
    where = [[0.3, 0.8]]
    kept = CropAndFlip()(image, torch.tensor([[*where[0], KEEP]]))
    mirrored = CropAndFlip()(image, torch.tensor([[*where[0], MIRROR]]))
    assert torch.equal(mirrored, kept.flip(-1))
    assert not torch.equal(mirrored, kept)


def test_every_place_is_as_likely_as_any_other() -> None:
    images = ramp(1, 1).expand(9 * 9 * 100, 3, 1, 1)
    cropped = CropAndFlip(padding=1)(images, draw_evenly(0, 0, torch.arange(len(images)), 3))
    # One of nine windows shows the one pixel.
    seen = int((cropped[:, 2] == 7).sum())
    assert abs(seen - 900) < 4 * (8100 * (1 / 9) * (8 / 9)) ** 0.5


def test_each_image_has_its_own_crop() -> None:
    images = ramp(8, 8).expand(64, 3, 8, 8)
    cropped = CropAndFlip()(images, draw_evenly(0, 0, torch.arange(64), 3))
    assert len({tuple(image.flatten().tolist()) for image in cropped}) > 40
    alone = CropAndFlip()(images[5:6], draw_evenly(0, 0, torch.tensor([5]), 3))
    assert torch.equal(alone[0], cropped[5])


def test_the_whole_window_is_the_image() -> None:
    image = ramp(8, 8)
    whole = ResizedCropAndFlip(size=8, smallest=1.0, proportion=1.0)
    assert torch.equal(whole(image, torch.tensor([[0.5, 0.5, 0.2, 0.7, KEEP]])), image)
    assert torch.equal(whole(image, torch.tensor([[0.5, 0.5, 0.2, 0.7, MIRROR]])), image.flip(-1))


def test_a_quarter_in_the_corner_is_that_quarter() -> None:
    image = ramp(8, 8)
    quarter = ResizedCropAndFlip(size=4, smallest=0.25, proportion=1.0)
    assert torch.equal(quarter(image, torch.tensor([[0.0, 0.5, 0.0, 1.0, KEEP]])), image[:, :, :4, 4:])


def test_windows_have_the_proportion_and_stay_inside() -> None:
    image = ramp(64, 64)
    randomness = torch.tensor([[0.0, 1.0, 0.5, 0.5, KEEP], [0.0, 0.0, 0.5, 0.5, KEEP]])
    cut = ResizedCropAndFlip(size=32, smallest=0.12, proportion=4 / 3)(image.expand(2, 3, 64, 64), randomness).float()
    high = cut[:, 0, -1, 16] - cut[:, 0, 0, 16]
    wide = cut[:, 1, 16, -1] - cut[:, 1, 16, 0]
    torch.testing.assert_close(wide / high, torch.tensor([4 / 3, 3 / 4]), atol=0.12, rtol=0)
    torch.testing.assert_close(wide * high, torch.full((2,), 0.12 * 64 * 64), atol=60, rtol=0)
    many = ResizedCropAndFlip(size=8)(image.expand(200, 3, 64, 64), draw_evenly(0, 0, torch.arange(200), 5))
    assert many.shape == (200, 3, 8, 8)
    assert bool((many[:, 2] == 7).all())


def test_numbers_depend_on_every_argument_and_on_nothing_else() -> None:
    index = torch.arange(50)
    base = draw_evenly(3, 4, index, 5)
    assert torch.equal(base[10:20], draw_evenly(3, 4, index[10:20], 5))
    assert torch.equal(base[:, :2], draw_evenly(3, 4, index, 2))
    for seed, epoch in ((2, 4), (3, 5), (4, 3), (-3, 4)):
        assert not torch.isin(draw_evenly(seed, epoch, index, 5), base).any()


@pytest.mark.parametrize("axis", ["epoch", "index", "position"])
def test_numbers_are_even_along_every_axis(axis: str) -> None:
    match axis:
        case "epoch":
            drawn = torch.cat([draw_evenly(0, epoch, torch.tensor([7]), 1) for epoch in range(4000)]).flatten()
        case "index":
            drawn = draw_evenly(0, 0, torch.arange(4000), 1).flatten()
        case _:
            drawn = draw_evenly(0, 0, torch.tensor([7]), 4000).flatten()
    assert 0 <= drawn.min() <= drawn.max() < 1
    counts = torch.histc(drawn, 20, 0, 1)
    chi_squared = ((counts - 200).square() / 200).sum()
    assert chi_squared < 43.8  # 19 degrees of freedom, p = 0.001
    neighbours = torch.corrcoef(torch.stack((drawn[:-1], drawn[1:])))[0, 1]
    assert abs(neighbours) < 4 / 4000**0.5


@pytest.mark.gpu
@pytest.mark.parametrize("augmentation", [CropAndFlip(), ResizedCropAndFlip(size=12)])
def test_the_gpu_crops_as_the_cpu_does(augmentation: Augmentation) -> None:
    images = torch.randint(0, 256, (32, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    randomness = draw_evenly(0, 0, torch.arange(32), augmentation.draws)
    on_gpu = augmentation(images.cuda(), randomness)
    assert on_gpu.is_cuda
    assert int((on_gpu.cpu().int() - augmentation(images, randomness).int()).abs().max()) <= 1
