"""The chart of units to read: a panel a network, lines and dots where the shares are."""

import numpy as np
import pytest

from rivalry.lens.cover_chart import COLUMNS, Covered, cover_chart
from rivalry.lens.page import FALSE
from rivalry.records import Picture


def covered(arrived: int = 2, pictures: str = "drawn") -> Covered:
    return Covered(pictures, "ReLU", [[0.0, 0.5, 1.0, 1.0, 1.0]], [arrived])


def dots(picture: Picture) -> tuple[float, float]:
    """The middle of all dots: along, and down."""
    wanted = [int(FALSE[place : place + 2], 16) for place in (1, 3, 5)]
    down, along = np.nonzero(np.abs(picture.astype(int) - wanted).sum(-1) < 12)
    return float(along.mean()), float(down.mean())


@pytest.mark.parametrize(("arrived", "share"), [(1, 0.5), (2, 1.0), (4, 1.0)])
def test_a_dot_stands_where_a_line_arrives(arrived: int, share: float) -> None:
    along, down = dots(cover_chart([covered(arrived)]))
    assert along == pytest.approx(75 + 285 * arrived / 4, abs=2)
    assert down == pytest.approx(175 + 180 * (1.5 - share) / 1.5, abs=2)


def test_shares_beyond_the_page_stay_on_it() -> None:
    wild = Covered("drawn", "ReLU", [[0.0, 9.0, -9.0, 1.0]], [1])
    assert dots(cover_chart([wild]))[1] == pytest.approx(175, abs=2)


def test_other_pictures_and_a_full_row_begin_a_row() -> None:
    high = [cover_chart([covered()] * count).shape[0] for count in (1, COLUMNS, COLUMNS + 1)]
    assert high[0] == high[1] < high[2]
    assert cover_chart([covered(), covered(pictures="photographs")]).shape[0] == high[2]


def test_nothing_to_draw_is_refused() -> None:
    for nothing in ([], [Covered("drawn", "ReLU", [], [])]):
        with pytest.raises(ValueError, match="a network at least, and of each a picture"):
            cover_chart(nothing)
