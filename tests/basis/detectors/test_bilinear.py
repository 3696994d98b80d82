"""Maps in the size of the masks are PyTorch's, and their pixels are the same wherever they are computed."""

import pytest
import torch
from torch.nn import functional

from rivalry.basis.detectors import bilinear
from rivalry.basis.detectors.bilinear import upsample, upsample_at
from tests.basis.detectors.plain import bilinear as by_pytorch
from tests.basis.detectors.plain import upsampled

SIZES = [
    ((4, 4), (16, 16)),
    ((3, 5), (20, 7)),
    ((1, 1), (3, 4)),
    ((7, 7), (112, 112)),
    ((9, 8), (4, 3)),
    ((5, 6), (5, 6)),
]


@pytest.mark.parametrize(("places", "size"), SIZES)
def test_it_is_interpolate_but_for_rounding(places: tuple[int, int], size: tuple[int, int]) -> None:
    maps = torch.randn(2, 3, *places, generator=torch.Generator().manual_seed(0))
    expected = functional.interpolate(maps, size, mode="bilinear", align_corners=False)
    torch.testing.assert_close(upsample(maps, size), expected, atol=2e-6, rtol=0)


def test_it_is_interpolate_where_nothing_is_rounded() -> None:
    maps = torch.randint(-8, 9, (2, 3, 4, 8), generator=torch.Generator().manual_seed(0)).float()
    for size in ((16, 64), (4, 8), (8, 16)):
        assert torch.equal(upsample(maps, size), functional.interpolate(maps, size, mode="bilinear"))


@pytest.mark.parametrize(("places", "size"), SIZES[:3])
def test_it_is_the_plain_loop_to_the_last_bit(places: tuple[int, int], size: tuple[int, int]) -> None:
    unit = torch.randn(places, generator=torch.Generator().manual_seed(1))
    assert torch.equal(upsample(unit, size), upsampled(unit, size))


@pytest.mark.parametrize(("places", "size"), SIZES)
def test_single_pixels_are_those_of_the_whole(
    places: tuple[int, int], size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = torch.randn(2, 3, *places, generator=torch.Generator().manual_seed(2))
    whole = upsample(maps, size).movedim(1, -1).flatten(0, 2)
    pixels = torch.randperm(len(whole), generator=torch.Generator().manual_seed(3))[:50]
    assert torch.equal(upsample_at(maps, size, pixels), whole[pixels])
    monkeypatch.setattr(bilinear, "_ELEMENTS_AT_ONCE", 21)  # seven pixels
    assert torch.equal(upsample_at(maps, size, pixels), whole[pixels])


def test_equal_neighbours_keep_their_value_which_a_sum_of_products_rounds() -> None:
    same = torch.full((3, 3), 0.1)
    assert bool((upsample(same, (50, 50)) == 0.1).all())
    assert bool((by_pytorch(same, (50, 50)) > 0.1).any())
