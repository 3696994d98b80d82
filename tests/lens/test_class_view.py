"""What a page shows of a class: the right class by default, its rows alone, and clear words for what is not there."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from rivalry.lens.class_view import COLUMNS, shows_concepts, view_class
from rivalry.records import Record
from tests.lens.class_record import class_rows, concept_record


def without(record: Record, table: str, column: str) -> Record:
    return replace(record, tables={**record.tables, table: record.tables[table].drop_columns([column])})


def with_column(record: Record, table: str, column: str, values: pa.Array) -> Record:
    old = record.tables[table]
    new = old.set_column(old.column_names.index(column), column, values)
    return replace(record, tables={**record.tables, table: new})


def test_by_default_it_is_the_class_of_the_least_reliable_strategy_of_many_pictures() -> None:
    sound, broken = class_rows("tree", accuracies=(0.9, 0.8)), class_rows("car", accuracies=(0.95, 0.3))
    tiny = class_rows("bird", accuracies=(0.9, 0.0))
    tiny["strategies"][1]["images"] = 9
    view = view_class(concept_record(sound, broken, tiny))
    assert (view.layer, view.name) == ("layer4", "car")
    assert view_class(concept_record(sound, tiny)).name == "tree"
    for row in sound["strategies"]:
        row["accuracy"] = None  # labels are not known
    assert view_class(concept_record(sound)).name == "tree"


def test_a_view_holds_the_rows_of_its_class_alone_and_in_order() -> None:
    first, second = class_rows("tree", shares=(0.1, 0.6, 0.3)), class_rows("tree", layer="layer3", shares=(0.2, 0.1, 0))
    first["crops"].reverse()
    view = view_class(concept_record(second, first), layer="layer4")
    assert [concept["concept"] for concept in view.concepts] == [1, 2, 0]
    assert [crop["rank"] for crop in view.crops[2]] == list(range(10))
    assert len(view.pictures) == 44
    assert view_class(concept_record(second, first), layer="layer3").summary["unexplained"] == pytest.approx(0.7)


def test_what_is_not_a_number_is_not_known() -> None:
    rows = class_rows()
    rows["concepts"][1]["reliability"] = float("nan")
    assert view_class(concept_record(rows)).concepts[1]["reliability"] is None


def test_without_shares_importance_decides_the_order() -> None:
    rows = class_rows(shares=(None, None, None), logit=-1.0)
    rows["concepts"][2]["importance"] = 7.0
    assert [concept["concept"] for concept in view_class(concept_record(rows)).concepts] == [2, 0, 1]


def test_classes_and_layers_that_are_not_there_are_named_with_the_nearest() -> None:
    silent = class_rows("bird")
    silent = {name: rows if name == "classes" else [] for name, rows in silent.items()}
    silent["classes"][0]["reason"] = "never predicted"
    record = concept_record(class_rows("tree"), class_rows("car", layer="layer3"), silent)
    with pytest.raises(ValueError, match=r"class 'tre'; nearest: tree"):
        view_class(record, class_="tre")
    with pytest.raises(ValueError, match=r"class 'bird' \(never predicted\); nearest: "):
        view_class(record, class_="bird")
    with pytest.raises(ValueError, match=r"layer 'layer5'; nearest: layer4"):
        view_class(record, layer="layer5")
    with pytest.raises(ValueError, match="class 'car' has concepts in layer3, none in layer 'layer4'"):
        view_class(record, "layer4", "car")


def test_a_record_that_was_saved_shows_the_same(tmp_path: Path) -> None:
    record = concept_record(class_rows())
    loaded = Record.load(record.save(tmp_path))
    assert shows_concepts(loaded)
    assert view_class(loaded) == view_class(record)


@pytest.mark.parametrize("table", COLUMNS)
def test_records_that_lack_something_show_no_concepts(table: str) -> None:
    record = concept_record(class_rows())
    lacking = [
        replace(record, tables={name: one for name, one in record.tables.items() if name != table}),
        *(without(record, table, column) for column in COLUMNS[table]),
    ]
    for other in lacking:
        assert not shows_concepts(other)
        with pytest.raises(ValueError, match="wanted one of ConceptExtraction"):
            view_class(other)


def test_nor_do_such_whose_numbers_are_not_known_or_that_have_only_reasons() -> None:
    record = concept_record(class_rows())
    nothing = {name: table.slice(0, 0) for name, table in record.tables.items()}
    for other in (
        replace(record, tables=nothing),
        with_column(record, "concepts", "importance", pa.nulls(3, pa.float64())),
        with_column(record, "concepts", "prevalence", pa.array([0.5, float("inf"), 0.5])),
        with_column(record, "classes", "reason", pa.array(["never predicted"])),
        with_column(record, "pictures", "thumbnail", pa.nulls(44, pa.binary())),
    ):
        assert not shows_concepts(other)
