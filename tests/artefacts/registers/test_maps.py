"""Norm maps: colours say what norms say, tiles lie where the layout says."""

import numpy as np
import torch

from rivalry.artefacts.registers.maps import GAP, HEIGHT, norm_colours, norm_maps, shown_layers
from rivalry.artefacts.registers.outliers import describe_norms
from rivalry.recording.grid import Tokens


def test_outliers_are_red_and_the_rest_is_bluer_the_longer() -> None:
    colours = norm_colours(torch.tensor([[1.0, 2.0], [3.0, 3.1]]), 1.0, 3.0).astype(int)
    blueness = colours[..., 2] - colours[..., 0]
    assert blueness[0, 0] < blueness[0, 1] < blueness[1, 0]
    assert blueness[1, 1] < -100


def test_rows_are_pictures_and_columns_layers_also_where_nothing_is_square() -> None:
    images = torch.zeros(2, 3, 32, 48, dtype=torch.uint8)
    images[1] = 200
    norms = {"a": torch.ones(2, 6), "b": torch.ones(2, 6)}
    norms["b"][1, 5] = 9.0  # the last patch, at the lower right
    described = {layer: describe_norms(values) for layer, values in norms.items()}
    sheet, told = norm_maps(images, norms, described, {"a": 1.0, "b": 1.0}, Tokens(True, 0, 2, 3))
    width = HEIGHT * 48 // 32
    assert told == {"columns": ["picture", "a", "b"], "rows": 2, "gap": GAP, "height": HEIGHT, "width": width}
    assert sheet.shape == (2 * HEIGHT + GAP, 3 * width + 2 * GAP, 3)
    red = (sheet[..., 0].astype(int) - sheet[..., 2]) > 100
    rows, columns = np.nonzero(red)
    assert rows.min() == HEIGHT + GAP + HEIGHT // 2
    assert columns.min() == 2 * (width + GAP) + 2 * width // 3
    assert red.sum() == (HEIGHT // 2) * (width // 3)
    assert (sheet[HEIGHT + GAP :, :width] == 200).all()


def test_few_layers_are_all_shown_and_the_strongest_always() -> None:
    assert shown_layers(["a", "b"], "a") == ["a", "b"]
    assert shown_layers(["a"], "a") == ["a"]
    names = [str(number) for number in range(24)]
    for strongest in names:
        shown = shown_layers(names, strongest)
        assert strongest in shown
        assert "23" in shown
        assert len(shown) == len(set(shown)) == 6
        assert shown == sorted(shown, key=int)
