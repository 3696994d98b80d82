"""What all parametrisations promise, and what each is."""

import math

import pytest
import torch

from rivalry.prototypes.images import MACO, Canvas, Fourier, Parametrisation, PictureStatistics, Pixels, Statistics
from rivalry.prototypes.images.spectrum import decaying
from rivalry.prototypes.views import Chance
from tests.prototypes.images.waves import waves

ALL = [Pixels(), Fourier(), Fourier(decay=0), MACO()]
SHAPES = [(3, 32, 32), (1, 33, 32), (5, 16, 21)]


def seen(shape: tuple[int, int, int]) -> Statistics:
    metric = PictureStatistics(*shape)
    metric.update(waves(9, *shape))
    return metric.compute()


def chance(images: int = 3, seed: int = 0) -> Chance:
    return Chance(seed, torch.arange(images), step=0)


def pictures(shape: tuple[int, int, int]) -> torch.Tensor:
    return waves(4, *shape, seed=1) / 255


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("parametrisation", ALL, ids=repr)
def test_images_are_images(parametrisation: Parametrisation, shape: tuple[int, int, int]) -> None:
    """In [0, 1], of their size, differentiable, and each a function of its own row alone."""
    canvas = parametrisation.canvas(shape, seen(shape))
    parameters = canvas.start(chance()).requires_grad_()
    images = canvas.images(parameters)
    assert images.shape == (3, *shape)
    assert images.dtype == torch.float32
    assert 0 <= float(images.detach().min()) < float(images.detach().max()) <= 1
    wild = canvas.images(100 * parameters.detach() + 50)
    assert 0 <= float(wild.min()) <= float(wild.max()) <= 1
    images[1].square().sum().backward()
    assert [bool(row.abs().sum() > 0) for row in parameters.grad] == [False, True, False]
    torch.testing.assert_close(canvas.images(parameters[1:2]), images[1:2])


@pytest.mark.parametrize("parametrisation", ALL, ids=repr)
def test_a_start_depends_on_seed_and_image_alone(parametrisation: Parametrisation) -> None:
    canvas = parametrisation.canvas((3, 8, 8), Statistics.plain(3, 8, 8))
    three = canvas.start(chance())
    alone = canvas.start(Chance(0, torch.tensor([2]), step=0))
    assert torch.equal(three[2:], alone)
    assert not torch.equal(three[0], three[1])
    assert not torch.equal(three, canvas.start(chance(seed=1)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("parametrisation", [Pixels(), Fourier(), Fourier(decay=0)], ids=repr)
def test_any_image_can_be_written(parametrisation: Parametrisation, shape: tuple[int, int, int]) -> None:
    canvas = parametrisation.canvas(shape, seen(shape))
    images = pictures(shape)
    torch.testing.assert_close(canvas.images(canvas.parameters_of(images)), images, atol=0.003, rtol=0)


@pytest.mark.parametrize("parametrisation", ALL, ids=repr)
def test_to_write_what_was_made_changes_nothing(parametrisation: Parametrisation) -> None:
    """The second time, so that of MACO the images are such as can be represented."""
    shape = (3, 16, 18)
    canvas = parametrisation.canvas(shape, seen(shape))
    made = canvas.images(canvas.parameters_of(canvas.images(canvas.start(chance()))))
    torch.testing.assert_close(canvas.images(canvas.parameters_of(made)), made, atol=1e-4, rtol=0)


def magnitudes(canvas: Canvas, images: torch.Tensor) -> torch.Tensor:
    return torch.fft.rfft2(canvas.colours.coordinates(images).double(), norm="ortho").abs()


@pytest.mark.parametrize("shape", SHAPES)
def test_maco_has_the_magnitudes_of_the_pictures(shape: tuple[int, int, int]) -> None:
    """All but that of frequency 0, and of those few that are their own negative, whose phase is a sign."""
    canvas = MACO().canvas(shape, seen(shape))
    images = canvas.images(3 * canvas.start(chance()))
    found, expected = magnitudes(canvas, images), seen(shape).magnitude.expand(3, -1, -1, -1)
    free = torch.ones(found.shape[2:], dtype=torch.bool)
    for row in {0, shape[1] // 2}:
        for column in {0, shape[2] // 2}:
            free[row, column] = False
    torch.testing.assert_close(found[:, :, free], expected[:, :, free], atol=1e-2, rtol=1e-3)
    assert float(found[:, :, 0, 0].max()) < 1e-2
    torch.testing.assert_close(
        canvas.colours.coordinates(images).mean((2, 3)), torch.zeros(3, shape[0]), atol=1e-3, rtol=0
    )


def test_maco_keeps_the_phases_of_an_image() -> None:
    shape = (3, 16, 16)
    canvas = MACO().canvas(shape, seen(shape))
    images = pictures(shape)
    made = canvas.images(canvas.parameters_of(images))
    before = torch.fft.rfft2(canvas.colours.coordinates(images))[:, :, 1:8, 1:8]
    after = torch.fft.rfft2(canvas.colours.coordinates(made))[:, :, 1:8, 1:8]
    torch.testing.assert_close(after / after.abs(), before / before.abs(), atol=1e-3, rtol=0)


def test_phases_of_maco_cannot_grow_for_ever() -> None:
    """Phases drawn evenly are as they are; from a deviation of π on only their ratios count."""
    canvas = MACO().canvas((1, 16, 16), Statistics.plain(1, 16, 16))
    phases = canvas.start(chance())
    torch.testing.assert_close(phases.std(), torch.tensor(math.pi / math.sqrt(3)), rtol=0.05, atol=0)
    assert not torch.allclose(canvas.images(1.1 * phases), canvas.images(phases), atol=0.01)
    torch.testing.assert_close(canvas.images(20 * phases), canvas.images(10 * phases), atol=1e-3, rtol=0)


def test_fourier_images_fall_as_they_should() -> None:
    """Normal parameters give coordinates of mean square 1, whose magnitudes are the scale's on average."""
    shape = (1, 24, 24)
    canvas = Fourier(decay=1, deviation=1).canvas(shape, Statistics.plain(*shape))
    images = canvas.images(canvas.start(chance(400)))
    found = magnitudes(canvas, images).square().mean((0, 1)).sqrt()
    torch.testing.assert_close(found, decaying(24, 24), rtol=0.2, atol=0)
    assert float(canvas.colours.coordinates(images).square().mean()) == pytest.approx(1, rel=0.05)


def test_a_start_is_near_the_mean_colour() -> None:
    shape = (3, 16, 16)
    for parametrisation in (Pixels(), Fourier()):
        canvas = parametrisation.canvas(shape, seen(shape))
        images = canvas.images(canvas.start(chance()))
        torch.testing.assert_close(images, seen(shape).mean.float()[:, None, None].expand_as(images), atol=0.02, rtol=0)


@pytest.mark.parametrize("parametrisation", ALL, ids=repr)
def test_images_may_have_another_size_than_pictures(parametrisation: Parametrisation) -> None:
    canvas = parametrisation.canvas((3, 40, 25), seen((3, 16, 16)))
    assert canvas.images(canvas.start(chance(1))).shape == (1, 3, 40, 25)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"an image of 1 channels wants .* with as many, got those of pictures with 3"):
        Pixels().canvas((1, 8, 8), Statistics.plain(3, 8, 8))
    with pytest.raises(ValueError, match="at least 2 × 2 pixels, got 1 × 8"):
        MACO().canvas((3, 1, 8), Statistics.plain(3, 8, 8))
    with pytest.raises(ValueError, match=r"a decay is 0 or more .* got -1"):
        Fourier(decay=-1)


@pytest.mark.gpu
@pytest.mark.parametrize("parametrisation", ALL, ids=repr)
def test_a_gpu_makes_the_same_images(parametrisation: Parametrisation) -> None:
    shape = (3, 33, 32)
    here, there = (parametrisation.canvas(shape, seen(shape), device) for device in ("cpu", "cuda"))
    start = there.start(Chance(0, torch.arange(3, device="cuda"), step=0))
    torch.testing.assert_close(start.cpu(), here.start(chance()), atol=1e-5, rtol=0)
    torch.testing.assert_close(there.images(start).cpu(), here.images(start.cpu()), atol=1e-4, rtol=0)
