"""A mark is found where it was printed, and not where its null was."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from rivalry.data import PictureBook
from rivalry.data.augmentation.randomness import draw_evenly
from rivalry.data.watermark import Watermark
from rivalry.prototypes.insight.pictures import printed
from rivalry.prototypes.insight.templates import best_matches, correlations, templates

MARK = Watermark(size=0.6)


@pytest.fixture(scope="module")
def bare() -> Tensor:
    book = PictureBook(8, seed=5, cache=False)
    return torch.stack([book[index]["image"] for index in range(8)])


def test_correlations_are_those_of_scikit_image() -> None:
    from skimage.feature import match_template

    generator = torch.Generator().manual_seed(0)
    image, template = (torch.rand(*shape, generator=generator) for shape in ((24, 31), (7, 10)))
    found = correlations(image[None], template, floor=0.0)[0]
    torch.testing.assert_close(
        found, torch.from_numpy(match_template(image.double().numpy(), template.double().numpy()))
    )


def test_brightness_and_contrast_of_a_picture_do_not_count() -> None:
    image = torch.rand(1, 16, 16, generator=torch.Generator().manual_seed(0))
    template = image[0, 3:8, 4:11]
    torch.testing.assert_close(correlations(3 * image + 1, template), correlations(image, template))
    torch.testing.assert_close(correlations(-image, template), -correlations(image, template))


def test_a_picture_of_one_tone_shows_nothing() -> None:
    assert correlations(torch.full((1, 9, 9), 0.3), torch.eye(3)).abs().max() == 0


def test_a_flat_part_is_not_decided_by_its_noise() -> None:
    image = torch.zeros(1, 20, 20)
    image[0, :, 10:] = torch.rand(20, 10, generator=torch.Generator().manual_seed(0))
    image[0, 2:5, 2:5] = 1e-4 * torch.eye(3)
    plain, floored = (correlations(image, torch.eye(3), floor=floor)[0, 2, 2] for floor in (0.0, 0.1))
    assert plain > 0.99
    assert floored < 0.01


def test_the_mark_is_found_where_it_was_printed(bare: Tensor) -> None:
    searched = templates(MARK, 64, 64)
    marked = printed(bare, range(8), MARK, 0)
    for picture, match in enumerate(best_matches(marked.float(), searched)):
        mask = MARK.render(bare[picture], seed=0, index=picture)[1]
        within = mask[match.box.window].sum() / mask.sum()
        assert within > 0.9, picture
        assert match.scale == 1.0, picture
        assert match.correlation > 0.55, picture


@pytest.mark.parametrize("kind", ["mark", "null"])
def test_each_of_mark_and_null_fits_better_where_it_is(bare: Tensor, kind: str) -> None:
    own, other = (MARK, MARK.null()) if kind == "mark" else (MARK.null(), MARK)
    shown = printed(bare, range(8), own, 0).float()
    fits = [[match.correlation for match in best_matches(shown, templates(one, 64, 64))] for one in (own, other)]
    assert all(mine > theirs for mine, theirs in zip(*fits, strict=True))


def test_the_turn_of_a_mark_is_found() -> None:
    turned = Watermark(size=0.6, rotation=18.0, place="middle", jitter=0.0)
    plain = torch.full((16, 3, 64, 64), 100, dtype=torch.uint8)
    matches = best_matches(printed(plain, range(16), turned, 0).float(), templates(MARK, 64, 64))
    for index, match in enumerate(matches):
        turn = (2 * float(draw_evenly(0, 0x3A, torch.tensor([index]), 3)[0, 0]) - 1) * 18
        assert abs(match.turn - turn) < 5, index


@pytest.mark.parametrize("channels", [1, 5])
def test_pictures_have_any_number_of_channels(bare: Tensor, channels: int) -> None:
    marked = printed(bare[:1], [0], MARK, 0).float().mean(1, keepdim=True)
    match = best_matches(marked.expand(-1, channels, -1, -1), templates(MARK, 64, 64))[0]
    assert match.correlation > 0.55


def test_templates_that_do_not_fit_are_left_out() -> None:
    large = templates(Watermark(size=0.9), 64, 64)
    assert {one.scale for one in large} == {0.7, 0.85, 1.0}
    assert all(max(one.pixels.shape) <= 64 for one in large)
