"""The sheet of prototypes: what the record holds is there, in its place, and what is missing is said."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from rivalry.lens.page import FALSE, HUE
from rivalry.lens.prototype_sheet import prototype_sheet, shows_prototypes
from rivalry.records import Picture, Record
from tests.lens.prototype_record import OURS, PLAIN, dead_rows, prototype_record, target_rows
from tests.lens.test_class_page import pixels_of

TILE = 165**2


def covered(picture: Picture, colour: tuple[int, int, int]) -> float:
    """Tiles of a colour; edges are smoothed."""
    return float(pixels_of(picture, colour).sum()) / TILE


def test_a_prototype_stands_beside_its_map_the_plain_one_and_natural_pictures() -> None:
    picture = prototype_sheet(prototype_record(target_rows()))
    assert covered(picture, OURS) == pytest.approx(2, abs=0.1)  # all of it comes through its map
    assert covered(picture, PLAIN) == pytest.approx(1, abs=0.05)
    small = (79 / 165) ** 2
    assert covered(picture, (20, 20, 250)) == pytest.approx(4 * small, abs=0.06)
    assert covered(picture, (20, 20, 150)) == pytest.approx(4 * small, abs=0.06)


def test_where_nothing_came_from_the_map_is_paper() -> None:
    assert covered(prototype_sheet(prototype_record(target_rows(alpha=0))), OURS) == pytest.approx(1, abs=0.05)


def test_each_target_has_a_row_and_copies_stand_beside_each_other() -> None:
    one = prototype_sheet(prototype_record(target_rows()))
    two = prototype_sheet(prototype_record(target_rows(), target_rows("unit:layer4:3")))
    assert two.shape[0] - one.shape[0] == 190
    assert covered(two, PLAIN) == pytest.approx(2, abs=0.1)
    copies = prototype_sheet(prototype_record(target_rows(copies=5)))
    assert covered(copies, OURS) == pytest.approx(4, abs=0.2)  # three of them, and the first one's map
    assert copies.shape[1] - one.shape[1] == 2 * 172


def test_targets_may_be_chosen_and_twenty_are_drawn_otherwise() -> None:
    record = prototype_record(*(target_rows(f"class:{number}") for number in range(22)))
    heights = [prototype_sheet(record, chosen).shape[0] for chosen in (None, ["class:21"])]
    assert heights[0] - heights[1] == 19 * 190
    with pytest.raises(ValueError, match="no prototype of 'class:200'; nearest: class:20"):
        prototype_sheet(record, ["class:200"])


def test_a_target_without_a_prototype_is_said_below() -> None:
    with_, without = (prototype_sheet(prototype_record(target_rows(), *more)) for more in ([dead_rows("unit:a:1")], []))
    assert with_.shape[0] > without.shape[0]
    assert (with_[-40:] < 200).any()
    assert not (without[-15:] < 200).any()


def test_curves_are_as_high_as_the_numbers_and_gaps_where_none_is_known() -> None:
    def lowest(curve: tuple[float | None, ...]) -> int:
        panel = prototype_sheet(prototype_record(target_rows(curve=curve)))[170:360, -240:]
        rows = np.flatnonzero((pixels_of(panel, HUE) | pixels_of(panel, FALSE)).any(1))
        return int(rows.max()) if len(rows) else -1

    assert lowest((1.0, 1.0)) < lowest((0.5, 0.5)) < lowest((0.0, 0.0))
    assert lowest((0.5, 0.5)) - lowest((1.0, 1.0)) == pytest.approx(165 / 4, abs=2)
    assert lowest((None, None)) == -1


def test_what_holds_no_prototypes_is_not_drawn() -> None:
    record = prototype_record(target_rows())
    assert shows_prototypes(record)
    assert not shows_prototypes(prototype_record(dead_rows("unit:a:1")))
    for name in record.tables:
        tables = {other: table for other, table in record.tables.items() if other != name}
        assert not shows_prototypes(Record("prototypes", 0, 0, tables=tables))
    other = {**record.tables, "prototypes": pa.table({"target": ["a"]})}
    with pytest.raises(ValueError, match="'mine' holds no prototypes to draw"):
        prototype_sheet(Record("mine", 0, 0, tables=other))


def test_without_a_plain_baseline_there_is_no_room_for_one() -> None:
    rows = target_rows()
    rows["prototypes"] = [row for row in rows["prototypes"] if row["method"] == "prototype"]
    plain, without = (prototype_sheet(prototype_record(one)).shape[1] for one in (target_rows(), rows))
    assert plain - without == 172


def test_a_prototype_that_does_not_answer_is_said() -> None:
    silent = target_rows()
    silent["prototypes"] = [{**row, "reason": "no gradient found a way"} for row in silent["prototypes"]]
    answers, sleeps = (prototype_sheet(prototype_record(rows)) for rows in (target_rows(), silent))
    assert (answers[206:224, 80:160] > 200).all()
    assert (sleeps[206:224, 80:160] < 180).any()
