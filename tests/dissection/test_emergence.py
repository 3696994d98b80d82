"""What came, went and stayed, counted by hand over a few epochs of records."""

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from rivalry.dissection.emergence import emergence, emergence_in, name_of_emergence, names_units
from rivalry.records import Record

LAST = {"layers": ["a", "b"], "vocabulary": "v", "clip_fingerprint": "c"}


def dissection(epoch: int, labels: str, name: str = "neurons", **settings: Any) -> Record:
    """A letter a unit, two layers of half of them each; a dot is a dead unit."""
    half = len(labels) // 2
    table = pa.table(
        {
            "layer": ["a"] * half + ["b"] * (len(labels) - half),
            "unit": [*range(half), *range(len(labels) - half)],
            "label": [letter.replace(".", "") for letter in labels],
            "dead": [letter == "." for letter in labels],
        }
    )
    return Record(name, epoch, 10 * epoch + 10, tables={"units": table}, settings={**LAST, **settings})


EPOCHS = [dissection(0, "xxyz.."), dissection(1, "xyyz.w"), dissection(3, "xyyw.x")]


def test_the_first_epoch_has_only_new_concepts() -> None:
    record = emergence(EPOCHS[:1])
    assert (record.name, record.epoch, record.step) == ("emergence", 0, 10)
    assert math.isnan(record.scalars["labels_unchanged"])
    counts = ("distinct_concepts", "new_concepts", "lost_concepts", "concepts_so_far")
    assert [record.scalars[name] for name in counts] == [3, 3, 0, 3]


def test_later_epochs_count_what_came_went_and_stayed() -> None:
    rows = emergence(EPOCHS).tables["epochs"].to_pylist()
    assert [row["epoch"] for row in rows] == [0, 1, 3]
    assert [row["step"] for row in rows] == [10, 20, 40]
    assert [row["living_units"] for row in rows] == [4, 5, 5]
    assert [row["distinct_concepts"] for row in rows] == [3, 4, 3]
    assert [row["new_concepts"] for row in rows] == [3, 1, 0]
    assert [row["lost_concepts"] for row in rows] == [0, 0, 1]
    assert [row["concepts_so_far"] for row in rows] == [3, 4, 4]
    assert [row["labels_unchanged"] for row in rows] == [None, 3 / 4, 3 / 5]  # of units that live in both


def test_concepts_stand_in_the_order_in_which_they_came() -> None:
    table = emergence(EPOCHS).tables["concepts"]
    assert table.to_pylist() == [
        {"concept": "x", "first_epoch": 0, "last_epoch": 3, "epochs": 3, "units": 2},
        {"concept": "y", "first_epoch": 0, "last_epoch": 3, "epochs": 3, "units": 2},
        {"concept": "z", "first_epoch": 0, "last_epoch": 1, "epochs": 2, "units": 0},
        {"concept": "w", "first_epoch": 1, "last_epoch": 3, "epochs": 2, "units": 1},
    ]


def test_streams_are_the_units_of_each_concept() -> None:
    streams = emergence(EPOCHS).tables["streams"].to_pylist()
    found = {(row["epoch"], row["concept"]): row["units"] for row in streams}
    assert found == {
        (0, "x"): 2, (0, "y"): 1, (0, "z"): 1,
        (1, "x"): 1, (1, "y"): 2, (1, "z"): 1, (1, "w"): 1,
        (3, "x"): 2, (3, "y"): 2, (3, "w"): 1,
    }  # fmt: skip


def test_a_concept_that_comes_back_is_not_new() -> None:
    again = [*EPOCHS, dissection(4, "zzyw.x")]
    assert emergence(again).scalars["new_concepts"] == 0
    assert emergence(again).tables["concepts"].to_pylist()[2]["last_epoch"] == 4


def test_only_epochs_that_were_named_alike_are_compared() -> None:
    record = emergence([dissection(0, "abcdef", vocabulary="other"), *EPOCHS[1:]])
    assert record.settings["epochs"] == [1, 3]
    assert record.settings["left_out"] == [0]
    assert record.scalars["concepts_so_far"] == 4
    assert record.settings["vocabulary"] == "v"


def test_a_network_of_dead_units_has_no_concepts() -> None:
    record = emergence([dissection(0, "...."), dissection(1, "....")])
    assert record.scalars["distinct_concepts"] == 0
    assert math.isnan(record.scalars["labels_unchanged"])
    assert record.tables["streams"].num_rows == record.tables["concepts"].num_rows == 0


def test_records_on_disk_up_to_an_epoch(tmp_path: Path) -> None:
    for record in [*EPOCHS, dissection(5, "qqqqqq"), dissection(1, "zzzzzz", name="late")]:
        record.save(tmp_path)
    found, expected = emergence_in(tmp_path, "neurons", epoch=3), emergence(EPOCHS)
    assert found == expected
    assert Record.load(found.save(tmp_path)).tables == expected.tables
    assert emergence_in(tmp_path, "neurons", epoch=3) == expected  # its own record changes nothing
    assert emergence_in(tmp_path, "late", epoch=1).name == "late-emergence"
    with pytest.raises(ValueError, match="no record 'neurons' of epoch 4"):
        emergence_in(tmp_path, "neurons", epoch=4)


@pytest.mark.parametrize("spoilt", ["label", "dead", "unit", "units"])
def test_what_names_no_units_is_not_followed(spoilt: str) -> None:
    record = dissection(0, "xy")
    assert names_units(record)
    if spoilt == "units":
        assert not names_units(Record("mine", 0, 0))
        return
    place = record.tables["units"].column_names.index(spoilt)
    for table in (
        record.tables["units"].remove_column(place),
        record.tables["units"].set_column(place, spoilt, pa.array([0.5, 0.5])),
        record.tables["units"].append_column(spoilt, record.tables["units"][spoilt]),
    ):
        assert not names_units(Record("mine", 0, 0, tables={"units": table}))


def test_names() -> None:
    assert [name_of_emergence(name) for name in ("neurons", "late")] == ["emergence", "late-emergence"]
