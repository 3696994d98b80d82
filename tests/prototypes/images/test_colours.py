"""Coordinates of colours, against what defines them."""

import pytest
import torch

from rivalry.prototypes.images import PictureStatistics
from rivalry.prototypes.images.colours import Colours, principal_axes
from rivalry.prototypes.images.statistics import Statistics
from tests.prototypes.images.waves import waves


def colours_of(mean: list[float], covariance: list[list[float]]) -> Colours:
    size = len(mean)
    found = Statistics(
        torch.tensor(mean, dtype=torch.float64),
        torch.tensor(covariance, dtype=torch.float64),
        torch.ones(size, 4, 3, dtype=torch.float64),
        4,
        1,
    )
    return Colours.of(found, torch.device("cpu"))


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_axes_times_themselves_are_the_covariance(channels: int) -> None:
    rows = torch.randn(50, channels, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    axes = principal_axes(rows.T.cov().reshape(channels, channels))
    torch.testing.assert_close(axes @ axes.T, rows.T.cov().reshape(channels, channels))
    lengths = axes.square().sum(0)
    assert torch.equal(lengths, lengths.sort(descending=True).values)
    assert bool((axes.gather(0, axes.abs().argmax(0, keepdim=True)) > 0).all())


def test_coordinates_of_pictures_have_unit_covariance_near_the_mean() -> None:
    """Of faint contrast, so that the sigmoid is a line there."""
    images = 0.05 * (waves(8, 3, 32, 32).double() / 255) + 0.3
    metric = PictureStatistics(3, 32, 32)
    metric.update(images * 255)
    colours = Colours.of(metric.compute(), torch.device("cpu"))
    rows = colours.coordinates(images.float()).transpose(0, 1).flatten(1)
    torch.testing.assert_close(rows.cov(correction=0), torch.eye(3), atol=0.05, rtol=0)
    torch.testing.assert_close(rows.mean(1), torch.zeros(3), atol=0.05, rtol=0)


def test_by_hand_one_channel() -> None:
    """Mean 0.2, deviation 0.1: logit 0.2 = −ln 4, slope 0.16; one deviation is sigmoid(−ln 4 + 0.625)."""
    image = colours_of([0.2], [[0.01]]).images(torch.tensor([[[[0.0, 1.0]]]]))
    torch.testing.assert_close(image, torch.tensor([[[[0.2, 0.3183648]]]]))


def test_the_slope_at_the_mean_is_the_axes() -> None:
    colours = colours_of([0.1, 0.6], [[0.02, 0.01], [0.01, 0.03]])
    zero = torch.zeros(1, 2, 1, 1)
    slope = torch.autograd.functional.jacobian(colours.images, zero).reshape(2, 2)
    torch.testing.assert_close(slope, colours.axes)


def test_images_and_coordinates_undo_each_other() -> None:
    colours = colours_of([0.1, 0.6], [[0.02, 0.01], [0.01, 0.03]])
    images = torch.rand(2, 2, 5, 6, generator=torch.Generator().manual_seed(0)) * 0.98 + 0.01
    torch.testing.assert_close(colours.images(colours.coordinates(images)), images)
    extreme = torch.tensor([[[[0.0]], [[1.0]]]])
    torch.testing.assert_close(colours.images(colours.coordinates(extreme)), extreme, atol=1 / 512 + 1e-6, rtol=0)


def test_images_of_grey_pictures_are_grey() -> None:
    """Three channels alike have one axis; another hue is taken for its nearest grey, without an infinity."""
    colours = colours_of([0.4] * 3, [[0.04] * 3] * 3)
    made = colours.images(torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(made[:, 0], made[:, 1])
    torch.testing.assert_close(made[:, 0], made[:, 2])
    assert float(made.std()) > 0.05
    red = torch.tensor([0.9, 0.1, 0.1])[None, :, None, None]
    nearest = colours.images(colours.coordinates(red)).flatten()
    torch.testing.assert_close(nearest, nearest[:1].expand(3))
    assert 0.1 < float(nearest[0]) < 0.9


def test_a_black_channel_is_no_infinity() -> None:
    colours = colours_of([0.0, 0.5], [[0.0, 0.0], [0.0, 0.04]])
    image = colours.images(torch.full((1, 2, 1, 1), 3.0))
    assert bool(image.isfinite().all())
    assert float(image[0, 0]) < 0.01
    assert bool(colours.coordinates(torch.zeros(1, 2, 1, 1)).isfinite().all())
