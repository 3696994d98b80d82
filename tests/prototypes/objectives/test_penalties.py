"""Penalties, by hand and by plain loops."""

import pytest
import torch

from rivalry.prototypes.objectives.penalties import Penalties, diversity, high_frequency, l2, total_variation
from tests.prototypes.images.waves import waves


def pictures(count: int = 5) -> torch.Tensor:
    return waves(count, 3, 9, 7) / 255


def test_by_hand() -> None:
    """Rows 0 1 3 and 0 0 0: across |1|, |2|, 0, 0 in four pairs, down 0, |1|, |3| in three."""
    image = torch.tensor([[[[0.0, 1.0, 3.0], [0.0, 0.0, 0.0]]]])
    assert float(high_frequency(image)) == pytest.approx(3 / 4 + 4 / 3)
    assert float(total_variation(image)) == pytest.approx(5 / 4 + 10 / 3)
    assert float(l2(image, torch.tensor([1.0]))) == pytest.approx((1 + 0 + 4 + 3) / 6)


@pytest.mark.parametrize("size", [32, 64])
def test_they_mean_the_same_for_every_size(size: int) -> None:
    """A checkerboard: every neighbour differs by one."""
    board = (torch.arange(size)[:, None] + torch.arange(size)).remainder(2).float().expand(2, 3, -1, -1)
    assert high_frequency(board).tolist() == pytest.approx([2.0, 2.0])
    assert total_variation(board).tolist() == pytest.approx([2.0, 2.0])
    assert l2(board, torch.full((3,), 0.5)).tolist() == pytest.approx([0.25, 0.25])


def test_a_plain_image_pays_nothing_for_its_neighbours() -> None:
    plain = torch.full((2, 3, 5, 5), 0.7)
    assert high_frequency(plain).tolist() == [0, 0]
    assert total_variation(plain).tolist() == [0, 0]


def test_diversity_is_the_mean_cosine_with_fellows() -> None:
    images, mean = pictures(), torch.tensor([0.5, 0.4, 0.3])
    found = diversity(images, torch.tensor([7, 2, 7, 7, 3]), mean)
    rows = (images - mean[:, None, None]).flatten(1)
    for image, fellows in {0: [2, 3], 2: [0, 3], 3: [0, 2]}.items():
        cosines = [torch.cosine_similarity(rows[image], rows[other], dim=0) for other in fellows]
        torch.testing.assert_close(found[image], torch.stack(cosines).mean())
    assert found[[1, 4]].tolist() == [0, 0]


def test_copies_pay_one_and_opposites_minus_one() -> None:
    image = pictures(1)
    mean = torch.full((3,), 0.5)
    images = torch.cat((image, image, 1 - image))
    torch.testing.assert_close(diversity(images[:2], torch.tensor([0, 0]), mean), torch.ones(2))
    torch.testing.assert_close(diversity(images[1:], torch.tensor([0, 0]), mean), -torch.ones(2))


def test_images_of_the_mean_colour_are_like_nothing() -> None:
    images = torch.full((2, 3, 4, 4), 0.5).requires_grad_()
    paid = diversity(images, torch.tensor([0, 0]), torch.full((3,), 0.5))
    paid.sum().backward()
    assert paid.tolist() == [0, 0]
    assert bool(images.grad.isfinite().all())


def test_the_sum_is_weighted_and_its_gradient_stays_with_the_image() -> None:
    images, target, mean = pictures().requires_grad_(), torch.tensor([0, 0, 1, 1, 1]), torch.full((3,), 0.4)
    penalties = Penalties(high_frequency=0.5, total_variation=2, l2=3, diversity=4)
    paid = penalties(images, target, mean)
    expected = 0.5 * high_frequency(images) + 2 * total_variation(images) + 3 * l2(images, mean)
    torch.testing.assert_close(paid, expected + 4 * diversity(images, target, mean))
    (gradient,) = torch.autograd.grad(paid[1], images)
    assert [bool(row.abs().sum() > 0) for row in gradient] == [False, True, False, False, False]


def test_no_weights_no_payment() -> None:
    assert Penalties()(pictures(), torch.arange(5), torch.full((3,), 0.4)).tolist() == [0] * 5


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ValueError, match=r"weights of penalties are 0 or more, got l2 -1, diversity -0\.5"):
        Penalties(l2=-1, diversity=-0.5)
