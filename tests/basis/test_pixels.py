"""What a basis is fitted to: whole maps of some pictures of the first half, and what lies beneath each place."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from rivalry.basis.concept_masks import ConceptMasks
from rivalry.basis.pixels import Reservoir, cell_shares
from rivalry.data.dataset import CATEGORIES, Sample
from rivalry.numerics.sampling import halves
from tests.basis.mixtures import TONES, Fields

SHAPES = {"fine": (3, 4, 4), "coarse": (3, 2, 2)}


def plain_shares(masks: Tensor, concepts: int, grid: tuple[int, int]) -> Tensor:
    """Place by place: which pixels go there when the grid is upsampled by nearest neighbours."""
    numbers = torch.arange(grid[0] * grid[1]).view(1, 1, *grid).float()
    cell = functional.interpolate(numbers, tuple(masks.shape[2:]), mode="nearest")[0, 0]
    shares = torch.zeros(len(masks), grid[0] * grid[1], concepts)
    for picture in range(len(masks)):
        for place in range(grid[0] * grid[1]):
            beneath = masks[picture][:, cell == place]
            for concept in range(concepts):
                shares[picture, place, concept] = (beneath == concept + 1).any(0).float().mean()
    return shares.view(len(masks), *grid, concepts)


@pytest.mark.parametrize(("size", "grid"), [((6, 6), (2, 2)), ((7, 10), (3, 4)), ((4, 4), (4, 4))])
def test_shares_are_those_of_the_pixels_in_a_cell(size: tuple[int, int], grid: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    masks = torch.randint(0, 3, (3, 2, *size), generator=generator)
    masks[:, 1] = torch.where(masks[:, 1] > 0, masks[:, 1] + 2, 0)  # the second category has concepts of its own
    torch.testing.assert_close(cell_shares(masks, 4, grid), plain_shares(masks, 4, grid))


def show(images: Tensor) -> dict[str, Tensor]:
    pooled = functional.avg_pool2d(images.float(), (8, 12))
    return {"fine": pooled, "coarse": functional.avg_pool2d(pooled, 2)}


def reservoir(pixels: int, *, masks: bool = True) -> Reservoir:
    dataset = Fields(20, masks=masks)
    truth = ConceptMasks.chosen(dataset, None) if masks else None
    return Reservoir(dataset, halves(20, seed=0)[0], pixels, 0, truth)


@pytest.mark.parametrize(("pixels", "step", "pictures"), [(1000, 1, 10), (160, 1, 10), (50, 2, 10), (12, 4, 10)])
def test_as_many_pictures_are_kept_as_there_are_if_need_be_at_fewer_places(
    pixels: int, step: int, pictures: int
) -> None:
    kept = reservoir(pixels).fill(SHAPES, show, torch.device("cpu"), 0)["fine"]
    assert len(kept.index) == pictures
    assert kept.index.tolist() == halves(20, seed=0)[0].tolist()
    whole = torch.cat([show(Fields(20)[index]["image"][None])["fine"] for index in kept.index.tolist()])
    torch.testing.assert_close(kept.maps, whole[:, :, ::step, ::step])
    masks = torch.stack([Fields(20)[index]["masks"] for index in kept.index.tolist()])
    torch.testing.assert_close(kept.shares, cell_shares(masks, TONES + 2, (4, 4))[:, ::step, ::step])
    assert kept.vectors.shape[0] == reservoir(pixels).places((3, 4, 4)) <= pixels


def test_fewer_pictures_of_one_seed_are_some_of_more() -> None:
    few = reservoir(3).fill(SHAPES, show, torch.device("cpu"), 0)
    assert len(few["fine"].index) == len(few["coarse"].index) == 3  # one place of each
    more = reservoir(7).pictures((3, 4, 4))
    assert set(few["fine"].index.tolist()) < set(more)
    assert reservoir(1).places((3, 4, 4)) == 1


def test_deep_layers_are_kept_whole_and_have_more_pictures() -> None:
    many = Reservoir(Fields(20), torch.arange(10_000), 100_000, 0)
    assert (many.step((512, 7, 7)), len(many.pictures((512, 7, 7)))) == (1, 2040)
    assert (many.step((256, 14, 14)), len(many.pictures((256, 14, 14)))) == (1, 510)
    assert (many.step((64, 56, 56)), len(many.pictures((64, 56, 56)))) == (3, 277)


def test_vectors_lie_beside_the_concepts_of_their_places() -> None:
    kept = reservoir(1000).fill(SHAPES, show, torch.device("cpu"), 0)["fine"]
    vectors, shares = kept.vectors, kept.vector_shares
    assert vectors.shape == (160, 3)
    for tone in range(TONES):
        assert torch.equal((vectors[:, 0] - 30 * tone - 2).abs() < 5, shares[:, tone] == 1)
    lit = torch.tensor([index % 3 == 0 for index in kept.index.tolist()]).repeat_interleave(16)
    assert torch.equal(shares[:, TONES] == 1, lit)
    assert torch.equal(shares[:, TONES + 1] == 1, ~lit)
    assert kept.vector_labelled.shape == (160, TONES + 2)


def test_a_category_is_labelled_in_pictures_that_show_one_of_its_concepts() -> None:
    class Half(Fields):
        def __getitem__(self, index: int) -> Sample:
            sample = super().__getitem__(index)
            sample["masks"][CATEGORIES.index("scene")] *= index % 2
            return sample

    dataset = Half(20)
    whole = Reservoir(dataset, torch.arange(20), 1000, 0, ConceptMasks.chosen(dataset, None))
    kept = whole.fill(SHAPES, show, torch.device("cpu"), 0)["fine"]
    odd = torch.arange(20) % 2 == 1
    assert torch.equal(kept.labelled[:, TONES], odd)
    assert torch.equal(kept.labelled[:, TONES + 1], odd)
    assert torch.equal(kept.vector_labelled[:, TONES + 1], odd.repeat_interleave(16))


def test_without_masks_nothing_is_known_of_places() -> None:
    kept = reservoir(1000, masks=False).fill(SHAPES, show, torch.device("cpu"), 0)
    assert kept["fine"].shares.shape == (10, 4, 4, 0)


def test_a_layer_that_takes_too_much_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at most 100000 pixels; give fewer: .* the limit is 2\.0 GiB"):
        reservoir(100_000).rows((2**20, 40, 40))
