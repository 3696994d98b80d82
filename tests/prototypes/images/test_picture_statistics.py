"""Streamed statistics, against a plain computation over all pictures at once."""

import re

import numpy as np
import pytest
import torch

from rivalry.prototypes.images import PictureStatistics, Statistics, picture_statistics
from rivalry.prototypes.images.colours import principal_axes
from tests.prototypes.images.waves import waves


def statistics_of(images: torch.Tensor, batches: int = 1) -> Statistics:
    metric = PictureStatistics(*images.shape[1:])
    for batch in images.chunk(batches):
        metric.update(batch)
    return metric.compute()


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 16, 17), (5, 9, 12)])
def test_they_are_those_of_all_pictures_at_once(shape: tuple[int, int, int]) -> None:
    """Mean and covariance by NumPy over all pixels; the spectrum of colours that are decorrelated first."""
    images = waves(11, *shape)
    found = statistics_of(images, batches=4)
    channels = shape[0]
    rows = np.moveaxis(images.numpy() / 255, 1, 0).reshape(channels, -1)
    np.testing.assert_allclose(found.mean, rows.mean(1))
    np.testing.assert_allclose(found.covariance, np.cov(rows, bias=True).reshape(channels, channels))
    decorrelated = np.linalg.inv(principal_axes(found.covariance).numpy()) @ (rows - rows.mean(1, keepdims=True))
    planes = np.moveaxis(decorrelated.reshape(channels, 11, *shape[1:]), 1, 0)
    power = np.abs(np.fft.rfft2(planes, norm="ortho")) ** 2
    np.testing.assert_allclose(found.magnitude, np.sqrt(power.mean(0)), atol=1e-6)
    assert (found.pictures, found.width, found.is_fallback) == (11, shape[2], False)


def test_batches_and_floating_point_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    images = waves(6, 3, 16, 16)
    whole, parts, floating = statistics_of(images), statistics_of(images, 5), statistics_of(images.float())
    monkeypatch.setattr(picture_statistics, "_AT_ONCE", 4 * 3 * 16 * 16)
    few_at_once = statistics_of(images)
    for name in ("mean", "covariance", "magnitude"):
        for other in (parts, floating, few_at_once):
            torch.testing.assert_close(getattr(other, name), getattr(whole, name), rtol=1e-9, atol=1e-9)


def test_an_empty_batch_adds_nothing() -> None:
    images = waves(3, 3, 8, 8)
    metric = PictureStatistics(3, 8, 8)
    metric.update(images[:0])
    metric.update(images)
    assert torch.equal(metric.compute().magnitude, statistics_of(images).magnitude)


def test_one_picture_of_one_channel_keeps_its_axes() -> None:
    """Torchmetrics squeezes tensors of one element where it can."""
    found = statistics_of(waves(1, 1, 8, 8))
    assert (found.mean.shape, found.covariance.shape, found.magnitude.shape) == ((1,), (1, 1), (1, 8, 5))


def test_grey_pictures_in_three_channels_have_one_axis() -> None:
    found = statistics_of(waves(4, 1, 8, 8).expand(-1, 3, -1, -1))
    assert bool(found.magnitude.isfinite().all())
    assert float(found.magnitude[0].max()) > 1
    assert float(found.magnitude[1:].abs().max()) < 1e-3


def test_bad_input_is_refused() -> None:
    metric = PictureStatistics(3, 8, 8)
    metric.update(waves(2, 3, 8, 8)[:0])
    with pytest.raises(ValueError, match="one picture at least"):
        metric.compute()
    with pytest.raises(ValueError, match=re.escape("wanted pictures of shape (3, 8, 8), got (3, 8, 9)")):
        metric.update(waves(2, 3, 8, 9))
    metric.reset()
    metric.update(torch.full((2, 3, 8, 8), 77, dtype=torch.uint8))
    with pytest.raises(ValueError, match="all 2 pictures are of one colour"):
        metric.compute()


def test_the_fallback_says_that_it_is_one() -> None:
    plain = Statistics.plain(3, 12, 10)
    assert plain.is_fallback
    assert plain.of_size(6, 7).is_fallback
    assert plain.of_size(6, 7).magnitude.shape == (3, 6, 4)
    assert not statistics_of(waves(1, 3, 8, 8)).is_fallback
