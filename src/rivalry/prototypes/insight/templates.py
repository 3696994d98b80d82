"""Finding a mark on pictures: its normalised correlation with them over places, turns and sizes.

    c(x, t) at a place = Σ (x − x̄)(t − t̄) / √(Σ (x − x̄)² Σ (t − t̄)²)      sums over the pixels under the template

(Lewis 1995, "Fast Normalized Cross-Correlation"). Templates t are what the mark, printed, changes of the brightness of
a plain grey picture. A mark may be lighter or darker than what is under it, so that its size |c| counts. Where pixels
hardly vary, c would be decided by nothing: their deviation counts as a tenth of the whole picture's at least (our
choice). The search is the same for a mark and its null, so that what chance finds in it is found for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2.functional import rotate

from rivalry.data.watermark import Watermark
from rivalry.prototypes.insight.boxes import box_sums
from rivalry.recording.box import Box

TURNS = (-15.0, -7.5, 0.0, 7.5, 15.0)
"""Degrees, clockwise, by which the mark is turned."""

SCALES = (0.7, 0.85, 1.0, 1.2, 1.4)
"""Its sizes, as shares of the one that it is printed in."""

FLOOR = 0.1
"""Of the deviation of a whole picture, what the deviation under a template counts as at least."""

_PIXELS_AT_ONCE = 2**22
_FINER = 4
_GREY = 128


@dataclass(frozen=True)
class Template:
    """A mark as it may lie on a picture.

    Attributes:
        pixels: What it changes of the brightness.
        turn: Degrees, clockwise.
        scale: Its size, as a share of the one that it is printed in.
    """

    pixels: Float[Tensor, "rows columns"]
    turn: float
    scale: float


@dataclass(frozen=True)
class Match:
    """Where a mark fits a picture best.

    Attributes:
        correlation: In [0, 1].
        box: The part of the picture.
        turn: Of the template.
        scale: Of the template.
    """

    correlation: float
    box: Box
    turn: float
    scale: float


def templates(watermark: Watermark, height: int, width: int) -> tuple[Template, ...]:
    """A mark in all turns and sizes in which it fits on pictures.

    Args:
        watermark: The mark or its null.
        height: Of the pictures.
        width: Of the pictures.
    """
    plain = torch.full((3, _FINER * height, _FINER * width), _GREY, dtype=torch.uint8)
    upright = replace(watermark, place="middle", jitter=0.0, rotation=0.0)
    printed, _ = upright.render(plain, seed=0, index=0)
    change = (printed.float() - _GREY).mean(0)
    made = [Template(_resized(change, turn, scale), turn, scale) for scale in SCALES for turn in TURNS]
    return tuple(one for one in made if one.pixels.shape[0] <= height and one.pixels.shape[1] <= width)


def best_matches(images: Float[Tensor, "batch channels height width"], searched: Sequence[Template]) -> list[Match]:
    """Where the best of some templates fits each picture best.

    Args:
        images: Of any scale and number of channels, whose mean is taken as brightness.
        searched: One template at least.
    """
    at_once = max(1, _PIXELS_AT_ONCE // (images.shape[2] * images.shape[3]))
    return [match for part in torch.split(images, at_once) for match in _best_of(part.mean(1), searched)]


def correlations(
    images: Float[Tensor, "batch height width"], template: Float[Tensor, "rows columns"], floor: float = FLOOR
) -> Float[Tensor, "batch _ _"]:
    """Normalised correlation of a template with every part of a picture of its size, by its upper left pixel; float64.

    Args:
        images: Brightness.
        template: No larger than the pictures, and not all the same.
        floor: See :data:`FLOOR`.

    Returns:
        In [−1, 1]; 0 throughout a picture that is all the same.
    """
    rows, columns = template.shape
    height, width = images.shape[1:]
    pixels = images.double() - images.double().mean((1, 2), keepdim=True)
    centred = template.double() - template.double().mean()
    spectrum = torch.fft.rfft2(centred, s=(height, width)).conj()
    products = torch.fft.irfft2(torch.fft.rfft2(pixels) * spectrum, s=(height, width))
    products = products[:, : height - rows + 1, : width - columns + 1]
    sums, squares = box_sums(pixels, rows, columns), box_sums(pixels.square(), rows, columns)
    variance = squares - sums.square() / template.numel()
    least = floor**2 * template.numel() * pixels.square().mean((1, 2))[:, None, None]
    length = (torch.maximum(variance, least) * centred.square().sum()).sqrt()
    return torch.where(length > 0, products / length, 0.0).clamp(-1, 1)


def _best_of(brightness: Float[Tensor, "batch height width"], searched: Sequence[Template]) -> list[Match]:
    """Where the best template fits each of a few pictures best."""
    fits = [correlations(brightness, one.pixels.to(brightness)).abs().flatten(1).max(1) for one in searched]
    best = torch.stack([fit.values for fit in fits]).max(0)
    matches = []
    for picture, (value, which) in enumerate(zip(best.values.tolist(), best.indices.tolist(), strict=True)):
        rows, columns = searched[which].pixels.shape
        top, left = divmod(int(fits[which].indices[picture]), brightness.shape[2] - columns + 1)
        matches.append(Match(value, Box(top, left, rows, columns), searched[which].turn, searched[which].scale))
    return matches


def _resized(change: Tensor, turn: float, scale: float) -> Tensor:
    """The change that a mark makes, turned, cut to what it changes, and at the size of the pictures."""
    turned = rotate(change[None], -turn, InterpolationMode.BILINEAR, expand=True)[0]  # torchvision turns anti-clockwise
    inked = turned.abs() > 0.5
    rows, columns = (inked.any(axis).nonzero()[:, 0] for axis in (1, 0))
    cut = turned[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = [max(2, round(side * scale / _FINER)) for side in cut.shape]
    return functional.interpolate(cut[None, None], size, mode="bilinear", antialias=True)[0, 0]
