"""The plane of frequencies of real images: what each weighs, and magnitudes on another plane.

Half of a spectrum says all of a real image, since the other half is its conjugate: ``rfft2`` gives height × (width // 2
+ 1) numbers, and all but the columns of horizontal frequency 0 and (of even widths) 1/2 stand for two frequencies each.
"""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float, Shaped
from torch import Tensor
from torch.nn import functional


def frequencies(height: int, width: int) -> Float[Tensor, "{height} half"]:
    """Cycles a pixel, at the places of ``rfft2``; 0 at the first.

    >>> frequencies(2, 4)
    tensor([[0.0000, 0.2500, 0.5000],
            [0.5000, 0.5590, 0.7071]], dtype=torch.float64)
    """
    down = torch.fft.fftfreq(height, dtype=torch.float64)[:, None]
    across = torch.fft.rfftfreq(width, dtype=torch.float64)[None]
    return torch.hypot(down, across)


def weights(width: int) -> Float[Tensor, " half"]:
    """For how many frequencies each column of half a spectrum stands: 1 or 2.

    >>> weights(4), weights(5)
    (tensor([1., 2., 1.], dtype=torch.float64), tensor([1., 2., 2.], dtype=torch.float64))
    """
    columns = torch.full((width // 2 + 1,), 2.0, dtype=torch.float64)
    columns[0] = 1
    if width % 2 == 0:
        columns[-1] = 1
    return columns


def decaying(height: int, width: int, decay: float = 1.0) -> Float[Tensor, "{height} half"]:
    """Magnitudes that fall as 1 / frequency^decay, of an orthonormal spectrum whose image has mean square 1.

    The zero frequency counts as one cycle over the longer side (Olah, Mordvintsev & Schubert 2017, "Feature
    Visualization", doi:10.23915/distill.00007).
    """
    magnitude = frequencies(height, width).clamp(min=1 / max(height, width)) ** -decay
    return magnitude / (magnitude.square() * weights(width)).sum().div(height * width).sqrt()


def real_images(
    spectrum: Complex[Tensor, "count channels height half"], width: int
) -> Float[Tensor, "count channels height {width}"]:
    """Images of half spectra of any numbers, by the orthonormal inverse transform.

    In the columns that hold a frequency and its negative, the mean of what each says of the image. The inverse
    transform takes that by itself on the CPU; that of a GPU promises nothing where the two do not agree.
    """
    columns = [0, width // 2] if width % 2 == 0 else [0]
    both = spectrum[..., columns]
    agreed = spectrum.index_copy(-1, torch.tensor(columns, device=spectrum.device), (both + _negative(both).conj()) / 2)
    images: Tensor = torch.fft.irfft2(agreed, s=(spectrum.shape[-2], width), norm="ortho")
    return images


def odd(phases: Float[Tensor, "*count height half"], width: int) -> Float[Tensor, "*count height half"]:
    """Phases of a real image: φ(−f) = −φ(f).

    That matters where half a spectrum holds both: in the columns of horizontal frequency 0 and 1/2. There those of
    positive vertical frequency decide. The (at most four) frequencies that are their own negative stay: of them the
    inverse transform takes the real part, so that a phase is a sign.
    """
    height = phases.shape[-2]
    second = (torch.arange(height, device=phases.device) > height // 2)[:, None]
    both = (weights(width) == 1).to(phases.device)
    return torch.where(second & both, -_negative(phases), phases)


def resized(
    magnitude: Float[Tensor, "channels old_height old_half"], old_width: int, height: int, width: int
) -> Float[Tensor, "channels {height} half"]:
    """Magnitudes at other frequencies: interpolated linearly over cycles a pixel, so that contrasts stay as they are.

    Args:
        magnitude: Of half a spectrum.
        old_width: Width of its images.
        height: Of the images wanted.
        width: Of the images wanted.
    """
    old_height = magnitude.shape[1]
    if (old_height, old_width) == (height, width):
        return magnitude
    # Rows in the order of frequency, and the first once more at the end: a spectrum goes on where it began.
    rows = torch.roll(magnitude, old_height // 2, 1)
    rows = torch.cat((rows, rows[:, :1]), dim=1)
    down = torch.fft.fftfreq(height, dtype=magnitude.dtype) * old_height + old_height // 2
    across = torch.fft.rfftfreq(width, dtype=magnitude.dtype) * old_width
    y, x = torch.meshgrid(_within(down, rows.shape[1]), _within(across, rows.shape[2]), indexing="ij")
    places = torch.stack((x, y), dim=2)
    sampled = functional.grid_sample(rows[None], places[None], padding_mode="border", align_corners=True)
    return sampled[0]


def _negative(column: Shaped[Tensor, "... height columns"]) -> Shaped[Tensor, "... height columns"]:
    """What stands at −f, in columns that hold it."""
    return column.flip(-2).roll(1, -2)


def _within(places: Float[Tensor, " places"], length: int) -> Float[Tensor, " places"]:
    """Places 0 to length − 1 as ``grid_sample`` wants them, −1 to 1."""
    return 2 * places / max(length - 1, 1) - 1
