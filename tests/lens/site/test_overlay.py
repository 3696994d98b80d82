"""Maps of activation as one PNG: each part says where its picture moves the unit, as a reader of PNGs sees it."""

import base64
import io
import re
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rivalry.lens.site.overlay import MOST, cells_of, overlays


def row(cells: Any) -> dict[str, Any]:
    values = np.asarray(cells, np.uint8)
    return {"map": values.tobytes(), "height": values.shape[0], "width": values.shape[1]}


def drawn(style: str) -> np.ndarray:
    found = re.fullmatch(r"--m:url\(data:image/png;base64,([A-Za-z0-9+/=]+)\);--s:([0-9.]+)%", style)
    assert found
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as image:
        return np.asarray(image.convert("L"))


def test_each_map_is_as_bright_as_its_own_strongest() -> None:
    made = overlays([row([[0, 255], [51, 0]]), row([[0, 10], [2, 0]])])
    pixels = drawn(made.style)
    assert pixels.shape == (8, 2)
    for first in (1, 5):
        assert pixels[first : first + 2].tolist() == [[0, 255], [51, 0]]


def test_a_border_stands_between_maps_so_that_smoothing_mixes_none() -> None:
    pixels = drawn(overlays([row([[255, 0]]), row([[0, 255]])]).style)
    assert pixels.tolist() == [[255, 0]] * 3 + [[0, 255]] * 3


@pytest.mark.parametrize("count", [1, 2, 16])
def test_places_are_those_that_a_browser_takes_for_them(count: int) -> None:
    """A background of height S shows, at y %, what begins at y · (S − 1) of its box (CSS Backgrounds 3, § 3.6)."""
    made = overlays([row(np.full((3, 4), 7))] * count)
    high = float(re.findall(r"--s:([0-9.]+)%", made.style)[0]) / 100 * 3
    assert high == pytest.approx(5 * count, rel=1e-3)
    for place, said in enumerate(made.places):
        assert said is not None
        share = float(said.removeprefix("--y:").removesuffix("%")) / 100
        assert share * (5 * count - 3) == pytest.approx(5 * place + 1, abs=0.02)


def test_odd_widths_and_large_maps_are_kept_in_their_proportions() -> None:
    assert drawn(overlays([row([[255, 0, 255]])]).style).tolist() == [[255, 0, 255]] * 3
    large = np.zeros((40, 32), np.uint8)
    large[:, 16:] = 200
    shown = cells_of(row(large))
    assert shown is not None
    assert shown.shape == (MOST, MOST)
    assert (shown[:, :8] == 0).all()
    assert (shown[:, 8:] == 255).all()


def test_maps_of_several_sizes_come_to_the_largest() -> None:
    pixels = drawn(overlays([row([[255, 0]]), row(np.eye(4) * 255)]).style)
    assert pixels[1:5].tolist() == [[255, 255, 0, 0]] * 4


@pytest.mark.parametrize(
    "broken",
    [
        {"map": None, "height": 2, "width": 2}, {"map": b"1234", "height": 3, "width": 2}, row([[9]]), row([[0, 0]]),
        {"map": b"", "height": 0, "width": 0}, {"map": b"12", "height": -1, "width": -2},
        {"map": b"1234", "height": None, "width": 2},
    ],
)  # fmt: skip
def test_what_is_no_map_is_left_out(broken: dict[str, Any]) -> None:
    assert overlays([broken]).places == [None]
    assert overlays([broken]).style == ""
    made = overlays([broken, row([[1, 2]])])
    assert made.places[0] is None
    assert made.places[1] == "--y:50%"
