"""The plane of frequencies, against transforms of images."""

import math

import pytest
import torch

from rivalry.prototypes.images.spectrum import decaying, frequencies, odd, real_images, resized, weights

SIZES = [(8, 8), (7, 8), (8, 7), (9, 5), (2, 2)]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_a_wave_lies_where_its_frequency_says(height: int, width: int) -> None:
    down, across = 1, width // 2
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    wave = torch.cos(2 * math.pi * (down * y / height + across * x / width))
    strongest = torch.fft.rfft2(wave).abs().flatten().argmax()
    assert frequencies(height, width).flatten()[strongest] == pytest.approx(math.hypot(down / height, across / width))


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_weights_make_up_for_the_half_that_is_not_kept(height: int, width: int) -> None:
    image = torch.randn(height, width, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    power = torch.fft.rfft2(image, norm="ortho").abs().square()
    torch.testing.assert_close((power * weights(width)).sum(), image.square().sum())


@pytest.mark.parametrize(("height", "width"), [(8, 8), (33, 20)])
def test_decaying_magnitudes_give_images_of_mean_square_one(height: int, width: int) -> None:
    phases = torch.rand(height, width // 2 + 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    # Frequencies that are their own negative have a sign for a phase.
    phases = odd(2 * math.pi * phases, width)
    phases[0, 0] = phases[height // 2, 0] = phases[0, -1] = phases[height // 2, -1] = 0
    if height % 2:
        phases = odd(phases, width)
    magnitude = decaying(height, width)
    image = torch.fft.irfft2(torch.polar(magnitude, phases), s=(height, width), norm="ortho")
    assert image.square().mean() == pytest.approx(1)
    assert magnitude[1, 0] / magnitude[2, 0] == pytest.approx(2)
    assert magnitude[0, 0] == magnitude.max()


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_images_of_any_spectrum_are_those_of_the_whole_plane(height: int, width: int) -> None:
    """The real part of the full transform, where each half says what the conjugate of the other says."""
    half = torch.randn(2, 1, height, width // 2 + 1, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    half = torch.view_as_complex(half)
    whole = torch.zeros(2, 1, height, width, dtype=torch.complex128)
    for row in range(height):
        for column in range(width // 2 + 1):
            given = half[:, :, row, column] * (0.5 if column in {0, width / 2} else 1)
            whole[:, :, row, column] += given
            whole[:, :, -row % height, -column % width] += given.conj()
    images = torch.fft.ifft2(whole, norm="ortho")
    assert float(images.imag.abs().max()) < 1e-12
    torch.testing.assert_close(real_images(half, width), images.real)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_odd_phases_are_those_of_a_real_image(height: int, width: int) -> None:
    """A real image keeps magnitudes and phases; given any phases, magnitudes of single frequencies stay."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(3, height, width, generator=generator, dtype=torch.float64)
    spectrum = torch.fft.rfft2(image)
    torch.testing.assert_close(torch.exp(1j * odd(spectrum.angle(), width)), torch.exp(1j * spectrum.angle()))
    any_phases = torch.rand(3, height, width // 2 + 1, generator=generator, dtype=torch.float64)
    made = torch.fft.rfft2(
        torch.fft.irfft2(torch.polar(torch.ones_like(any_phases), odd(any_phases, width)), s=(height, width))
    )
    own_negative = torch.zeros(height, width // 2 + 1, dtype=torch.bool)
    rows = [0, height // 2] if height % 2 == 0 else [0]
    columns = [0, width // 2] if width % 2 == 0 else [0]
    own_negative[torch.tensor(rows)[:, None], torch.tensor(columns)] = True
    torch.testing.assert_close(made.abs()[:, ~own_negative], torch.ones_like(any_phases)[:, ~own_negative])
    torch.testing.assert_close(made.real[:, own_negative], any_phases.cos()[:, own_negative])


def test_a_spectrum_of_the_same_size_is_left_alone() -> None:
    magnitude = decaying(8, 10)[None]
    assert torch.equal(resized(magnitude, 10, 8, 10), magnitude)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (5, 7), (12, 31)])
def test_a_resized_spectrum_is_read_at_the_same_cycles_a_pixel(height: int, width: int) -> None:
    """Interpolation is exact of what is a line in frequency: |f| across, and |f| down on either side."""
    for old_height, old_width in [(16, 16), (9, 12)]:
        across = torch.fft.rfftfreq(old_width, dtype=torch.float64).expand(old_height, -1)
        down = torch.fft.fftfreq(old_height, dtype=torch.float64).abs()[:, None].expand(-1, old_width // 2 + 1)
        found = resized(torch.stack((across, down)), old_width, height, width)
        reach_across = across.max()  # of odd widths the highest frequency is below 1/2
        expected = torch.fft.rfftfreq(width, dtype=torch.float64).clamp(max=reach_across).expand(height, -1)
        torch.testing.assert_close(found[0], expected)
        expected = torch.fft.fftfreq(height, dtype=torch.float64).abs().clamp(max=down.max())[:, None]
        torch.testing.assert_close(found[1], expected.expand(-1, width // 2 + 1))


def test_contrast_stays_in_another_size() -> None:
    for height, width in [(64, 64), (48, 100)]:
        found = resized(decaying(96, 96)[None], 96, height, width)
        power = (found.square() * weights(width)).sum() / (height * width)
        assert 0.8 < power < 1.2
