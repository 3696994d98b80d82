"""Streams are as wide as the record says, named where they end, and readable for few epochs and for many concepts."""

import itertools
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from rivalry.dissection.emergence import emergence
from rivalry.lens.pictures import picture_of
from rivalry.lens.streams import _FOOT, _LINE_HEIGHT, _TOP, COLOURS, OTHERS, _apart, emergence_streams
from rivalry.records import Record
from tests.dissection.test_emergence import EPOCHS, dissection
from tests.lens.test_figures import share_of
from tests.lens.test_pictures import spoilt


def of_words(*epochs: list[str]) -> Record:
    """One record an epoch, a word a unit."""
    records = []
    for epoch, words in enumerate(epochs):
        record = dissection(epoch, "x" * len(words))
        place = record.tables["units"].column_names.index("label")
        table = record.tables["units"].set_column(place, "label", pa.array(words, pa.string()))
        records.append(replace(record, tables={"units": table}))
    return emergence(records)


def test_a_stream_is_as_wide_as_its_units() -> None:
    picture = emergence_streams(of_words(["cat"] * 6 + ["dog"] * 2, ["cat"] * 2 + ["dog"] * 6))
    assert picture.shape == (790, 1100, 3)
    for column, cats in ((134, 0.75), (465, 0.5), (796, 0.25)):
        column_of = picture[:, column].astype(int)
        shares = [
            float((np.abs(column_of - [int(colour[i : i + 2], 16) for i in (1, 3, 5)]).max(1) <= 2).sum())
            for colour in COLOURS[:2]
        ]
        assert shares[0] / sum(shares) == pytest.approx(cats, abs=0.02)
        assert sum(shares) == pytest.approx(100 * (_FOOT - _TOP), abs=6)
    assert share_of(picture, OTHERS) < 0.001


def test_all_but_the_widest_flow_together_in_grey() -> None:
    words = [f"word {number % 60}" for number in range(240)]
    picture = emergence_streams(of_words(words, words[::-1]))
    assert share_of(picture, OTHERS) > 0.2
    assert all(share_of(picture, colour) > 0.001 for colour in COLOURS)


def test_few_epochs_long_names_and_dollar_signs_are_drawn() -> None:
    words = ["a very long name of a concept that no column holds", "$\\frac$", "$1 or $2", "wheel"] * 3
    assert emergence_streams(of_words(words, words[::-1])).shape == (790, 1100, 3)
    assert emergence_streams(of_words(*[words] * 40)).shape == (790, 1100, 3)


def test_concepts_that_are_gone_are_still_named() -> None:
    before, after = of_words(["cat", "dog"], ["cat", "dog"]), of_words(["cat", "dog"], ["cat", "cat"])
    right = [emergence_streams(record)[125:560, 830:] for record in (before, after)]
    assert not np.array_equal(*right)
    assert all((part < 100).any() for part in right)


def test_names_stand_apart_on_the_page() -> None:
    for wanted in ([], [_TOP] * 13, [_FOOT] * 13, [_TOP, 3.0, 3.01, 3.02, _FOOT]):
        heights = _apart(wanted)
        assert all(later - earlier >= _LINE_HEIGHT - 1e-9 for earlier, later in itertools.pairwise(heights))
        assert all(_TOP - 1e-9 <= height <= _FOOT + 1e-9 for height in heights)
    assert _apart([2.0, 4.0]) == [2.0, 4.0]


def test_one_epoch_is_no_stream() -> None:
    record = emergence(EPOCHS[:1])
    assert picture_of(record) is None
    with pytest.raises(ValueError, match="'emergence' holds no streams of concepts over two epochs"):
        emergence_streams(record)


NOT_DRAWN = {  # what the figure does not look at, or can do without
    "epochs": {"step", "living_units", "new_concepts", "lost_concepts", "concepts_so_far"},
    "concepts": {"first_epoch", "last_epoch", "epochs", "units"},
}


def test_what_is_not_whole_has_no_picture() -> None:
    record = emergence(EPOCHS)
    assert picture_of(record) is not None
    tables = {name: table.drop_columns(sorted(NOT_DRAWN.get(name, set()))) for name, table in record.tables.items()}
    cases = list(spoilt(replace(record, tables=tables)))
    wrong = [case for case, one in cases if picture_of(one) is not None]
    assert wrong == ["empty epochs.labels_unchanged", "no scalar concepts_so_far"]


@pytest.mark.parametrize(("share", "units"), [(1.5, 1), (-0.5, 1), (0.5, 0), (0.5, -2)])
def test_numbers_that_cannot_be_are_not_drawn(share: float, units: int) -> None:
    record = of_words(["cat"], ["cat"])
    epochs, streams = record.tables["epochs"], record.tables["streams"]
    place = epochs.column_names.index("labels_unchanged")
    epochs = epochs.set_column(place, "labels_unchanged", pa.array([None, share], pa.float64()))
    streams = streams.set_column(2, "units", pa.array([1, units], pa.int64()))
    changed = replace(record, tables={**record.tables, "epochs": epochs, "streams": streams})
    assert (picture_of(changed) is not None) == (share == 0.5 and units > 0)
