"""The page of a class: bars as long as shares, dots coloured where a concept decides many, and room for all of it."""

import numpy as np
import pyarrow as pa
import pytest

from rivalry.lens.class_page import class_page, shows_concepts
from rivalry.lens.streams import COLOURS
from rivalry.records import Picture, Record
from tests.lens.class_record import class_rows, concept_record, flat

GRAPH, BARS = (slice(130, 690), slice(40, 600)), (slice(130, 690), slice(635, 1060))


def pixels_of(picture: Picture, colour: str | tuple[int, int, int]) -> np.ndarray:
    """Where a picture has a colour."""
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)] if isinstance(colour, str) else colour
    return np.asarray(np.abs(picture.astype(int) - wanted).sum(-1) < 12)


def longest(picture: Picture, colour: str) -> int:
    """Pixels of the longest line of a colour beside the graph."""
    return int(pixels_of(picture[BARS], colour).sum(1).max())


def test_bars_are_as_long_as_the_shares() -> None:
    picture = class_page(concept_record(class_rows(shares=(0.6, 0.3, 0.0), decided=(20, 12, 2))))
    first, second = longest(picture, COLOURS[0]), longest(picture, COLOURS[1])
    assert first == pytest.approx(200, abs=3)  # all the room there is
    assert second == pytest.approx(first / 2, abs=3)
    against = class_page(concept_record(class_rows(shares=(0.6, -0.2, 0.0), decided=(20, 12, 2))))
    assert longest(against, COLOURS[0]) == pytest.approx(first * 0.6 / 0.8, abs=3)  # bars go both ways from zero


def test_concepts_that_decide_ten_pictures_have_a_colour_and_others_none() -> None:
    ten = class_page(concept_record(class_rows(decided=(20, 10, 9))))
    nine = class_page(concept_record(class_rows(decided=(20, 9, 10))))
    assert pixels_of(ten[GRAPH], COLOURS[1]).any()
    assert not pixels_of(ten[GRAPH], COLOURS[2]).any()
    assert pixels_of(nine[GRAPH], COLOURS[1]).any()  # now of the third concept
    assert longest(ten, COLOURS[1]) > longest(nine, COLOURS[1])  # whose share is smaller


def test_whether_a_concept_decides_many_goes_by_all_pictures_not_by_those_that_are_drawn() -> None:
    rows = class_rows(decided=(20, 10, 9))
    rows["pictures"] = rows["pictures"][::3]
    assert pixels_of(class_page(concept_record(rows))[GRAPH], COLOURS[1]).any()


def test_thumbnails_are_shown_and_none_hides_another() -> None:
    rows = class_rows()
    for row in rows["pictures"]:
        row["marked"], row["correct"] = None, None
    magenta = pixels_of(class_page(concept_record(rows))[GRAPH], (255, 0, 255))
    # Along a circle of 44 pictures; a tile is 44 pixels wide, less its frame.
    assert 8 * 41**2 < magenta.sum() < 26 * 44**2


def test_marks_and_wrong_pictures_are_told_in_words_only_where_there_are_any() -> None:
    foot = (slice(695, 730), slice(40, 480))
    plain, marked = class_rows(), class_rows()
    for row in plain["pictures"]:
        row["marked"], row["correct"] = None, True
    inked = [(class_page(concept_record(rows))[foot] < 200).sum() for rows in (plain, marked)]
    assert inked[0] < inked[1] / 2


def test_there_is_a_row_for_every_concept_up_to_ten_and_ten_crops_in_it() -> None:
    def height(concepts: int) -> int:
        shares = tuple(0.5 / (place + 1) for place in range(concepts))
        return class_page(concept_record(class_rows(shares=shares, decided=(12,) * concepts))).shape[0]

    few = height(2)
    assert height(3) - few == 92
    assert height(12) == height(10)
    picture = class_page(concept_record(class_rows()))[-300:]
    for rank in range(10):
        for concept in range(3):
            # A tile is 68 pixels wide; its edge is smoothed.
            assert 60**2 < pixels_of(picture, (250, 20 * rank, 20 * concept)).sum() <= 70**2


def test_crops_keep_their_proportions() -> None:
    rows = class_rows()
    for row in rows["crops"]:
        row["picture"] = flat((10, 250, 20 * row["concept"]), size=(12, 6))
    shown = pixels_of(class_page(concept_record(rows)), (10, 250, 0))
    lines = shown.any(1).sum()
    assert shown.sum() / 10 / lines == pytest.approx(lines / 2, abs=3)


@pytest.mark.parametrize("column", ["x", "y"])
def test_without_a_layout_the_page_says_so(column: str) -> None:
    rows = class_rows()
    for row in rows["pictures"]:
        row[column] = None
    picture = class_page(concept_record(rows))
    assert not pixels_of(picture[GRAPH], (255, 0, 255)).any()


def test_what_a_concept_is_opposed_to_is_not_what_it_speaks_for() -> None:
    opposed, alone = class_rows(), class_rows()
    for row in opposed["concepts"]:
        row |= {"alignments": [0.9, -0.1], "similarities": [-0.2]}
    for row in alone["concepts"]:
        row |= {"aligned_classes": ["tree"], "alignments": [0.9], "similar": None, "similarities": None}
    assert np.array_equal(class_page(concept_record(opposed)), class_page(concept_record(alone)))
    assert not np.array_equal(class_page(concept_record(opposed)), class_page(concept_record(class_rows())))


def test_a_long_name_ends_within_the_page() -> None:
    for name in ("soft-coated wheaten terrier " * 9, "Propithecus verreauxi coronatus, of Madagascar"):
        paper = class_page(concept_record(class_rows(name)))[20:70]
        assert (paper[:, 400:1000] < 100).any()
        assert not (paper[:, 1085:] < 200).any()


def test_a_logit_of_which_there_are_no_shares_is_not_said_to_be_their_sum() -> None:
    above, below = (class_page(concept_record(class_rows(shares=(None, None, None), logit=by))) for by in (3.0, -6.0))
    assert np.array_equal(above, below)


def test_nothing_is_not_less_than_nothing() -> None:
    little, none = (class_page(concept_record(class_rows(shares=(0.5, 0.25, by)))) for by in (-0.001, 0.0))
    assert np.array_equal(little[-90:, :330], none[-90:, :330])  # the last concept's words


def unknown(record: Record) -> Record:
    """The record without all that may be unknown."""
    tables = dict(record.tables)
    for name, columns in {
        "classes": ("accuracy", "logit", "unexplained", "strategies", "marked_share", "marked_ami"),
        "concepts": ("name", "share", "reliability", "aligned_classes", "alignments", "similar", "similarities"),
        "pictures": ("correct", "marked", "strategy"),
        "strategies": ("accuracy", "marked_share"),
    }.items():
        for column in columns:
            place = tables[name].column_names.index(column)
            kind = tables[name].schema.field(column).type
            tables[name] = tables[name].set_column(place, column, pa.nulls(len(tables[name]), kind))
    return Record(record.name, record.epoch, record.step, tables=tables)


def test_what_is_not_known_is_left_out() -> None:
    record = unknown(concept_record(class_rows()))
    assert shows_concepts(record)
    assert class_page(record).shape == class_page(concept_record(class_rows())).shape


def test_one_picture_and_one_concept_are_a_page() -> None:
    rows = class_rows(shares=(1.0,), decided=(1,), accuracies=(1.0,))
    rows["strategies"][0] |= {"images": 1, "concepts": [], "differences": []}
    assert class_page(concept_record(rows)).shape[1] == 1100


def test_the_same_record_gives_the_same_page() -> None:
    assert np.array_equal(class_page(concept_record(class_rows())), class_page(concept_record(class_rows())))
