"""The rows of ``neurons.parquet``, and since when units have had their labels, by hand."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from rivalry.export.folder.neurons import SCHEMA
from rivalry.export.writing.neurons import dissections, given_axes, neuron_table
from rivalry.export.writing.records import find_fitting, last_of_each
from rivalry.records import Record
from tests.export.writing.labelled import dissection


def table_of(root: Path, epoch: int, order: list[str], weights: str = "these") -> pa.Table:
    return neuron_table(dissections(last_of_each(find_fitting([root], epoch, weights))), order)


def test_first_epochs_are_those_since_when_a_label_stands(tmp_path: Path) -> None:
    for epoch, labels in enumerate(["aab.x", "aba.x", "abc.."]):
        dissection(2 * epoch, {"act": labels}).save(tmp_path)
    table = table_of(tmp_path, 4, ["act"])
    assert table["label"].to_pylist() == ["a", "b", "c", "", ""]
    assert table["first_epoch"].to_pylist() == [0, 2, 4, None, None]
    assert table_of(tmp_path, 2, ["act"])["first_epoch"].to_pylist() == [0, 2, 2, None, 0]


def test_a_label_that_went_and_came_back_stands_since_it_came_back(tmp_path: Path) -> None:
    for epoch, label in enumerate("aba"):
        dissection(epoch, {"act": label}).save(tmp_path)
    assert table_of(tmp_path, 2, ["act"])["first_epoch"].to_pylist() == [2]


def test_epochs_that_were_named_in_another_way_do_not_count(tmp_path: Path) -> None:
    dissection(0, {"act": "a"}, vocabulary="w").save(tmp_path)
    dissection(1, {"act": "a"}).save(tmp_path)
    assert table_of(tmp_path, 1, ["act"])["first_epoch"].to_pylist() == [None]
    dissection(2, {"act": "a"}).save(tmp_path)
    assert table_of(tmp_path, 2, ["act"])["first_epoch"].to_pylist() == [1]


def test_every_column_is_there_in_the_network_s_order(tmp_path: Path) -> None:
    dissection(0, {"late": "ab", "early": "c"}).save(tmp_path)
    table = table_of(tmp_path, 0, ["early", "other", "late"])
    assert table.schema == SCHEMA
    assert list(zip(table["layer"].to_pylist(), table["unit"].to_pylist(), strict=True)) == [
        ("early", 0), ("late", 0), ("late", 1)
    ]  # fmt: skip
    assert table["top_images"].to_pylist() == [[0, 4], [0, 4], [1, 4]]
    assert table["confirmed"].null_count == table["clarity"].null_count == 3


def test_judged_columns_are_kept(tmp_path: Path) -> None:
    record = dissection(0, {"act": "ab"})
    judged = record.tables["units"].append_column("confirmed", pa.array([True, None], pa.bool_()))
    Record("neurons", 0, 10, tables={"units": judged}, settings=record.settings).save(tmp_path)
    assert table_of(tmp_path, 0, ["act"])["confirmed"].to_pylist() == [True, None]


@pytest.mark.parametrize(
    ("weights", "wanted"),
    [({"alone": "others", "neurons": "others"}, "a"), ({"alone": "others", "neurons": "these"}, "b")],
)
def test_of_two_dissections_of_a_layer_that_of_these_weights_counts(
    tmp_path: Path, weights: dict[str, str], wanted: str
) -> None:
    dissection(1, {"act": "a", "more": "m"}, "alone", weights=weights["alone"]).save(tmp_path)
    dissection(1, {"act": "b"}, weights=weights["neurons"]).save(tmp_path)
    assert table_of(tmp_path, 1, ["act", "more"])["label"].to_pylist() == [wanted, "m"]


def test_directions_and_other_units_are_no_neurons(tmp_path: Path) -> None:
    dissection(0, {"act": "a", "act@basis": "b"}).save(tmp_path)
    activity = dissection(0, {"other": "c"}).tables["units"].drop_columns("label")
    Record("activity", 0, 10, tables={"units": activity}).save(tmp_path)
    Record("classes", 0, 10, tables={"classes": activity}).save(tmp_path)
    assert table_of(tmp_path, 0, ["act"])["layer"].to_pylist() == ["act"]


def test_without_a_dissection_there_are_no_rows(tmp_path: Path) -> None:
    table = table_of(tmp_path / "absent", 0, ["act"])
    assert table.num_rows == 0
    assert table.schema == SCHEMA


def test_axes_are_those_that_the_record_says(tmp_path: Path) -> None:
    dissection(0, {"act": "a", "more": "b"}, unit_axes={"act": 2}).save(tmp_path)
    found = dissections(find_fitting([tmp_path], 0, ""))
    assert given_axes(found) == {"act": 2, "more": None}
