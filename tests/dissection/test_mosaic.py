"""Pictures stand where they belong, with white between and where one is missing."""

import numpy as np
import torch

from rivalry.dissection.mosaic import mosaic, tile_side


def picture(value: int, height: int = 4, width: int = 4) -> torch.Tensor:
    return torch.full((3, height, width), value, dtype=torch.uint8)


def test_rows_and_columns() -> None:
    sheet = mosaic([[picture(1), picture(2), picture(9)], [picture(3)]], columns=2, side=4, gap=1)
    assert sheet.shape == (9, 9, 3)
    assert (sheet[:4, :4] == 1).all()
    assert (sheet[:4, 5:] == 2).all()
    assert (sheet[5:, :4] == 3).all()
    assert (sheet[5:, 5:] == 255).all()
    assert (sheet[4] == 255).all()
    assert (sheet[:, 4] == 255).all()
    assert not np.isin(9, sheet)


def test_pictures_of_any_size_fill_their_tile() -> None:
    sheet = mosaic([[picture(7, 20, 30), picture(8, 2, 1)]], columns=2, side=8, gap=2)
    assert sheet.shape == (8, 18, 3)
    assert (sheet[:, :8] == 7).all()
    assert (sheet[:, 10:] == 8).all()


def test_colours_stay() -> None:
    image = torch.randint(0, 256, (3, 5, 5), dtype=torch.uint8)
    assert np.array_equal(mosaic([[image]], columns=1, side=5), image.permute(1, 2, 0).numpy())


def test_tiles_are_as_large_as_the_pictures_within_limits() -> None:
    assert [tile_side(picture(0, *size)) for size in ((64, 80), (224, 224), (8, 8))] == [64, 96, 32]
