"""Wins as masks equal the plain loop over masks of wins in the size of the concept's."""

import pytest
import torch
from torch.nn import functional

from rivalry.basis.detectors import WinCounts, WinTallies
from rivalry.basis.detectors.wins import nearest_places
from tests.basis.detectors.plain import CATEGORIES, Drawn, drawn, nearest, plain_iou

COMPETITORS, BLOCKS = 3, 2


def competing(places: tuple[int, int] = (3, 4), mask: tuple[int, int] = (6, 8)) -> tuple[torch.Tensor, Drawn]:
    """Winners, and as maps the masks of their wins."""
    data = drawn(places=places, mask=mask)
    generator = torch.Generator().manual_seed(5)
    winners = torch.randint(0, COMPETITORS, (len(data.maps), BLOCKS, *places), generator=generator)
    wins = functional.one_hot(winners, COMPETITORS).movedim(-1, 2).flatten(1, 2)
    return winners, data._replace(maps=wins.float())


def counted(winners: torch.Tensor, data: Drawn, batch: int = 4) -> WinCounts:
    tallies = WinTallies(COMPETITORS * BLOCKS, COMPETITORS, CATEGORIES, planes=4)
    for part in torch.arange(len(winners)).split(batch):
        tallies.update(winners[part], data.masks[part], data.first[part])
    tallies.update(winners[:0], data.masks[:0], data.first[:0])
    counts: WinCounts = tallies.compute()
    return counts


@pytest.mark.parametrize(("places", "mask"), [((3, 4), (6, 8)), ((3, 4), (7, 9)), ((5, 5), (3, 4)), ((1, 1), (4, 4))])
def test_iou_is_that_of_the_plain_loop(places: tuple[int, int], mask: tuple[int, int]) -> None:
    winners, data = competing(places, mask)
    counts = counted(winners, data)
    for place, half in enumerate((True, False)):
        expected = plain_iou(data, lambda *_: 0.5, half, resize=nearest)
        torch.testing.assert_close(counts.iou()[place], expected, rtol=0, atol=0, equal_nan=True)
    expected = plain_iou(data, lambda *_: 0.5, None, resize=nearest)
    torch.testing.assert_close(counts.merged().iou()[0], expected, rtol=0, atol=0, equal_nan=True)


def test_competitors_share_every_pixel() -> None:
    winners, data = competing()
    counts = counted(winners, data)
    by_block = counts.won.view(2, BLOCKS, COMPETITORS, -1).sum(2)
    assert torch.equal(by_block, counts.concept_pixels[:, None].expand_as(by_block))


def test_batches_do_not_matter() -> None:
    winners, data = competing()
    one, other = counted(winners, data, 9), counted(winners, data, 2)
    assert torch.equal(one.won, other.won)
    assert torch.equal(one.labelled, other.labelled)


@pytest.mark.parametrize(("places", "pixels"), [((3, 5), (7, 11)), ((7, 7), (112, 112)), ((8, 6), (3, 4))])
def test_places_are_those_of_interpolate(places: tuple[int, int], pixels: tuple[int, int]) -> None:
    grid = torch.arange(places[0] * places[1]).view(*places).float()
    assert torch.equal(nearest_places(places, pixels), nearest(grid, pixels).long())


def test_masks_of_no_concept_are_refused() -> None:
    winners, data = competing()
    with pytest.raises(ValueError, match="masks hold 0 to 7"):
        counted(winners, data._replace(masks=data.masks + (data.masks == 6)))
    with pytest.raises(ValueError, match="masks of 4 categories, got 2"):
        counted(winners, data._replace(masks=data.masks[:, :2]))
