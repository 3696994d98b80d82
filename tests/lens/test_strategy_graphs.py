"""Graphs side by side: a dot a picture, in the colour of its mark, one panel for each row and column."""

import numpy as np
import pytest

from rivalry.lens.page import FALSE, HUE
from rivalry.lens.strategy_graphs import Drawn, strategy_graphs
from rivalry.records import Picture, Record
from tests.lens.class_record import class_rows, concept_record

DOT = 17.0
"""Pixels of a dot, its smooth edge left out, some."""


def dots(picture: Picture, colour: str) -> float:
    """How many dots have a colour, about; those of the legend are not counted."""
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return float((np.abs(picture[150:].astype(int) - wanted).sum(-1) < 60).sum() / DOT)


def record(marked: int) -> Record:
    """A class of 44 pictures, so many of them marked."""
    rows = class_rows()
    for number, row in enumerate(rows["pictures"]):
        row["marked"] = number < marked
    return concept_record(rows)


def test_there_are_as_many_dots_of_each_colour_as_pictures() -> None:
    none, some, all_ = (strategy_graphs([Drawn(record(count), "ReLU", "p")]) for count in (0, 22, 44))
    assert dots(none, FALSE) == 0
    assert dots(none, HUE) == pytest.approx(44, rel=0.4)
    assert dots(some, FALSE) == pytest.approx(dots(some, HUE), rel=0.05)
    assert dots(all_, HUE) == 0


def test_a_panel_for_each_row_and_column_and_the_first_of_two() -> None:
    drawn = [Drawn(record(44), row, column) for row in ("ReLU", "LWTA") for column in ("p = 0", "p = 1", "p = 2")]
    picture = strategy_graphs(drawn)
    assert picture.shape[1] == 1100
    assert dots(picture, FALSE) == pytest.approx(6 * 44, rel=0.4)
    again = strategy_graphs([*drawn, Drawn(record(0), "ReLU", "p = 0")])
    assert np.array_equal(again, picture)
    assert strategy_graphs(drawn[:3]).shape[0] < picture.shape[0]


def test_without_a_layout_a_panel_is_empty() -> None:
    rows = class_rows()
    for row in rows["pictures"]:
        row["x"] = None
    picture = strategy_graphs([Drawn(concept_record(rows), "ReLU", "p")])
    assert dots(picture, FALSE) == dots(picture, HUE) == 0


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="given none"):
        strategy_graphs([])
    with pytest.raises(ValueError, match="wanted one of ConceptExtraction"):
        strategy_graphs([Drawn(Record("other", 0, 0), "ReLU", "p")])
