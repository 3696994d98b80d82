"""Columns of a stranger's tables: what is wanted comes in its type or as null, and rows are found by layer and unit."""

from pathlib import Path

import pyarrow as pa
import pytest

from rivalry.lens.site.columns import NUMBER, NUMBERS, TEXT, TRUTH, WHOLE, columns_of, grouped_by, units_of
from rivalry.lens.site.shelf import Shelf, Volume
from rivalry.records import Record


def volume_of(root: Path, table: pa.Table) -> Volume:
    Record("mine", 1, 1, tables={"units": table}).save(root / "records")
    return Shelf.open(root).volumes[0]


def test_rows_are_found_by_layer_and_unit_in_any_order(tmp_path: Path) -> None:
    table = pa.table({"layer": ["b", "a", "b", "b"], "unit": [7, 0, 2, 7], "label": ["x", "y", "z", "again"]})
    units = units_of(volume_of(tmp_path, table), (("label", TEXT),))
    assert list(units.places) == ["b", "a"]
    assert {unit: row["label"] for unit, row in units.rows("b", [2, 5, 7]).items()} == {2: "z", 7: "x"}
    assert units.rows("no such layer", [1]) == {}
    assert units.rows("a", [99]) == {}


@pytest.mark.parametrize(
    ("column", "wanted", "expected"),
    [
        (pa.array([1.5, float("nan"), float("inf")]), NUMBER, [1.5, None, None]),
        (pa.array([1, 2, None]), NUMBER, [1.0, 2.0, None]),
        (pa.array([1.5, 2.5, 3.5]), WHOLE, [None, None, None]),
        (pa.array(["1", "2", "3"]), NUMBER, [None, None, None]),
        (pa.array([1, 2, 3]), TEXT, [None, None, None]),
        (pa.array(["a", None, "b"], pa.large_string()), TEXT, ["a", None, "b"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), TEXT, ["a", "b", "a"]),
        (pa.array([None, None, None]), TEXT, [None, None, None]),
        (pa.array([0, 1, 1]), TRUTH, [None, None, None]),
        (pa.array([[1], None, [2, 3]]), NUMBERS, [[1.0], None, [2.0, 3.0]]),
        (pa.array([b"a", b"b", b"c"]), TEXT, [None, None, None]),
    ],
)  # fmt: skip
def test_a_column_comes_in_its_type_or_as_null(
    tmp_path: Path, column: pa.Array, wanted: pa.DataType, expected: list[object]
) -> None:
    volume = volume_of(tmp_path, pa.table({"value": column}))
    assert columns_of(volume, "units", (("value", wanted),))["value"].to_pylist() == expected
    assert columns_of(volume, "units", (("other", wanted),))["other"].to_pylist() == [None] * 3


def test_units_without_a_place_are_left_out(tmp_path: Path) -> None:
    table = pa.table({"layer": ["a", None, "a", "a"], "unit": [0, 1, -1, None]})
    assert units_of(volume_of(tmp_path, table), ()).places["a"][0].tolist() == [0]
    assert units_of(volume_of(tmp_path / "words", pa.table({"layer": ["a"], "unit": ["0"]})), ()).places == {}


def test_a_table_that_is_not_there_is_empty(tmp_path: Path) -> None:
    volume = volume_of(tmp_path, pa.table({"x": [1]}))
    assert columns_of(volume, "other", (("x", WHOLE),)).num_rows == 0
    assert grouped_by(volume, "other", "x", (("x", TEXT),)).rows("x") == []


def test_rows_are_found_by_a_word(tmp_path: Path) -> None:
    volume = volume_of(tmp_path, pa.table({"label": ["a", None, "b", "a"], "value": [1.0, 2.0, 3.0, 4.0]}))
    found = grouped_by(volume, "units", "label", (("label", TEXT), ("value", NUMBER)))
    assert [row["value"] for row in found.rows("a")] == [1.0, 4.0]
    assert found.rows("c") == []


def test_a_record_that_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    for label in ("old", "newer"):
        volume = volume_of(tmp_path, pa.table({"layer": ["a"], "unit": [0], "label": [label]}))
        assert units_of(volume, (("label", TEXT),)).rows("a", [0])[0]["label"] == label
