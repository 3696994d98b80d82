"""The watermark and its null: where they are, how large, and in which pictures."""

import math

import numpy as np
import pytest

from rivalry.data.picturebook import Watermark, draw
from rivalry.data.picturebook.watermark import GLYPHS


def test_the_null_mark_has_as_many_cells_in_every_glyph() -> None:
    mark, null = (
        [sum(row.split()[glyph].count("#") for row in rows) for glyph in range(4)]
        for rows in (GLYPHS["mark"], GLYPHS["null"])
    )
    assert mark == null == [9, 12, 10, 9]


@pytest.mark.parametrize("kind", ["mark", "null"])
def test_the_mask_is_where_the_picture_changed(kind: str) -> None:
    for index in range(30):
        bare, marked = draw(4, index), draw(4, index, watermark=Watermark(kind))
        changed = (bare.image != marked.image).any(-1)
        assert (changed | ~marked.mark).mean() > 0.999  # what is mostly mark has changed
        near = np.pad(marked.mark, 1)
        near = np.any([near[y : y + 64, x : x + 64] for y in range(3) for x in range(3)], axis=0)
        assert not (changed & ~near).any()  # and nothing far from it
        assert not bare.mark.any()
        assert np.array_equal(bare.masks, marked.masks)


def test_marks_lie_in_the_lower_left_and_move() -> None:
    corners = set()
    for index in range(40):
        rows, columns = np.nonzero(draw(4, index, watermark=Watermark()).mark)
        assert rows.min() >= 0.7 * 64
        assert columns.max() <= 0.6 * 64
        corners.add((rows.min(), columns.min()))
    assert len(corners) > 5


def test_mark_and_null_have_the_same_place_area_and_contrast() -> None:
    areas, changes = {"mark": [], "null": []}, {"mark": [], "null": []}
    for index in range(60):
        bare = draw(4, index, 128).image.astype(float)
        middles = []
        for kind in ("mark", "null"):
            picture = draw(4, index, 128, watermark=Watermark(kind))
            areas[kind].append(picture.mark.sum())
            changes[kind].append(np.abs(picture.image - bare)[picture.mark].mean())
            middles.append(np.argwhere(picture.mark).mean(0))
        assert np.abs(middles[0] - middles[1]).max() < 3
    assert np.mean(areas["mark"]) == pytest.approx(np.mean(areas["null"]), rel=0.02)
    assert np.mean(changes["mark"]) == pytest.approx(np.mean(changes["null"]), rel=0.05)


def test_share_of_one_class() -> None:
    """Of 2,400 pictures some 150 are boats; half of them, within four standard errors, are marked, and no others."""
    marked = {True: [], False: []}
    for index in range(2400):
        picture = draw(5, index, 32, watermark=Watermark("mark", 0.5, "boat"))
        marked[picture.factors.names[1] == "boat"].append(picture.mark.any())
    assert len(marked[True]) > 100
    assert abs(np.mean(marked[True]) - 0.5) < 4 * math.sqrt(0.25 / len(marked[True]))
    assert not any(marked[False])


def test_mark_and_null_are_put_on_the_same_pictures() -> None:
    shares = [
        [draw(5, i, 32, watermark=Watermark(kind, 0.3)).mark.any() for i in range(50)] for kind in ("mark", "null")
    ]
    assert shares[0] == shares[1]
    assert 0 < sum(shares[0]) < 50


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "stamp"}, "'mark' or 'null'; given 'stamp'"),
        ({"share": 1.01}, "given 1.01"),
        ({"share": -0.1}, "given -0.1"),
    ],
)
def test_a_wrong_setting_is_one_clear_error(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Watermark(**arguments)
