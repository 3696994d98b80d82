"""Pictures go into tables and come back as they were."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image

from rivalry.recording.thumbnails import from_png, png


def test_a_png_is_the_picture_and_small_enough() -> None:
    image = torch.randint(0, 256, (3, 6, 10), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    read = np.asarray(Image.open(io.BytesIO(png(image, 10))))
    assert np.array_equal(read, image.permute(1, 2, 0).numpy())
    assert Image.open(io.BytesIO(png(image, 5))).size == (5, 3)


def test_a_picture_comes_back_as_it_was_and_a_grey_one_in_three_channels() -> None:
    image = torch.randint(0, 256, (3, 5, 7), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(from_png(png(image)), image)
    assert torch.equal(from_png(png(image[:1])), image[:1].expand(3, -1, -1))
