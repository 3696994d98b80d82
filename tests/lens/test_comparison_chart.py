"""The chart of a comparison: everything at its place, and words from outside as they are."""

import numpy as np
import pytest

from rivalry.lens.comparison_chart import CONCEPTS, LAYERS, Compared, ConceptLine, LayerLine, comparison_chart
from rivalry.lens.page import HUE, QUIET, TRUE
from rivalry.records import Picture

ROW = 36


def compared(
    layers: list[LayerLine] | None = None,
    concepts: list[ConceptLine] | None = None,
    names: tuple[str, str] = ("relu", "lwta"),
) -> Compared:
    lines = [LayerLine("act", 0.5, 0.25, (0.5, 0.25))] if layers is None else layers
    words = [ConceptLine("wall", 8, 4)] if concepts is None else concepts
    return Compared(names, "said", lines, words, [("accuracy", "75 %", "50 %")])


def extent(picture: Picture, colour: str, rows: slice, columns: slice) -> tuple[int, int]:
    """Where a colour begins and ends along a part of the page."""
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    there = (np.abs(picture[rows, columns].astype(int) - wanted).sum(-1) < 12).any(0)
    places = np.flatnonzero(there) + columns.start
    return int(places[0]), int(places[-1])


def test_labels_kept_are_as_long_as_their_share() -> None:
    row = slice(255, 285)
    for share in (0.25, 0.5, 1.0):
        picture = comparison_chart(compared([LayerLine("act", share, 0.0, (None, None))]))
        assert extent(picture, TRUE, row, slice(340, 700)) == pytest.approx((350, 350 + 310 * share), abs=3)


def test_active_shares_stand_where_they_belong() -> None:
    picture = comparison_chart(compared([LayerLine("act", None, 0.0, (0.75, 0.25))]))
    begin, end = extent(picture, HUE, slice(255, 285), slice(740, 1090))
    assert (begin + end) / 2 == pytest.approx(750 + 310 * 0.25, abs=3)  # the second's dot is filled


def test_units_of_a_concept_stand_to_the_left_and_to_the_right() -> None:
    picture = comparison_chart(compared())
    row = slice(365, 395)
    assert extent(picture, QUIET, row, slice(236, 370))[0] == pytest.approx(370 - 135, abs=4)
    assert extent(picture, HUE, row, slice(370, 540))[1] == pytest.approx(370 + 135 / 2, abs=4)


def test_long_lists_are_cut() -> None:
    one, two = (comparison_chart(compared([LayerLine("act", 0.5, 0.1, (0.5, 0.5))] * n)) for n in (1, 2))
    assert two.shape[0] - one.shape[0] == ROW
    lines = [LayerLine(f"act{number}", number / 99, 0.0, (0.5, 0.5)) for number in range(99)]
    many = comparison_chart(compared(lines, [ConceptLine(f"word {n}", n, 0) for n in range(99)]))
    assert many.shape[0] - one.shape[0] == pytest.approx(ROW * (LAYERS - 1 + CONCEPTS - 1), abs=1)


def test_the_layers_that_kept_least_are_drawn() -> None:
    kept = [LayerLine(f"act{number}", 1.0, 0.0, (None, None)) for number in range(LAYERS)]
    some = comparison_chart(compared([*kept, LayerLine("last", 0.0, 0.0, (None, None))]))
    bars = slice(250, 250 + LAYERS * ROW)
    all_of_them = comparison_chart(compared(kept))
    drawn = [(np.abs(one[bars, 500].astype(int) - (61, 131, 97)).sum(-1) < 12).sum() for one in (some, all_of_them)]
    assert drawn[0] == pytest.approx(drawn[1] * (LAYERS - 1) / LAYERS, abs=2)


def test_nothing_to_draw_is_refused_and_words_are_no_formulas() -> None:
    with pytest.raises(ValueError, match="one layer at least that both networks have; given none"):
        comparison_chart(compared([]))
    strange = comparison_chart(compared(concepts=[ConceptLine("$\\frac{", 1, 0)], names=("$x", "<b>" * 60)))
    assert strange.shape[1:] == (1100, 3)
    assert comparison_chart(compared(concepts=[])).shape[1:] == (1100, 3)
