"""Small pictures for tables."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from rivalry.dissection.profiles.thumbnail import thumbnail


def opened(file: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(file)) as picture:
        assert (picture.format, picture.mode) == ("WEBP", "RGB")
        return np.asarray(picture)


@pytest.mark.parametrize(("height", "width", "size"), [(40, 80, (16, 32, 3)), (80, 40, (32, 16, 3)), (9, 9, (9, 9, 3))])
def test_the_longer_side_is_bounded_and_small_pictures_stay(height: int, width: int, size: tuple[int, ...]) -> None:
    image = torch.randint(0, 256, (3, height, width), dtype=torch.uint8)
    assert opened(thumbnail(image, 32)).shape == size


def test_drawings_keep_their_colours_to_the_bit() -> None:
    image = torch.zeros(3, 32, 32, dtype=torch.uint8)
    image[0, 8:20, 8:20], image[2, 16:] = 255, 130
    assert np.array_equal(opened(thumbnail(image, 32)), image.permute(1, 2, 0).numpy())


def test_photographs_take_few_bytes() -> None:
    """A smooth picture with some grain, as photographs are."""
    ramp = torch.linspace(0, 200, 224)
    image = ramp[:, None] * 0.6 + ramp[None] * 0.4 + 8 * torch.randn(3, 224, 224)
    assert len(thumbnail(image.clamp(0, 255).to(torch.uint8), 96)) < 4000
