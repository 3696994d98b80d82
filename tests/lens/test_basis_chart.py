"""The figure of a comparison of bases: bars as long as scores, and nothing else than such records."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from rivalry.lens.basis_chart import basis_chart, shows_basis
from rivalry.lens.page import TRUE
from rivalry.lens.pictures import picture_of
from rivalry.records import Picture, Record

BASES = ("natural", "pca", "random", "unsupervised", "supervised")


def compared(fitted: float = 3.0, layers: int = 1, policies: tuple[str | None, ...] = ("beyond", "quantile")) -> Record:
    rows = [
        {"layer": f"layer{layer}", "basis": basis, "policy": policy, "directions": 8}
        | {"s1": fitted if basis == "unsupervised" else 4.0, "s2": 2.0, "s1_shuffled": 1.0, "s2_shuffled": 0.5}
        | {"mean_best_auroc": 0.75}
        for layer in range(layers)
        for basis in BASES
        for policy in policies
    ]
    kinds = {"layer": pa.string(), "basis": pa.string(), "policy": pa.string(), "directions": pa.int64()}
    kinds |= dict.fromkeys(("s1", "s2", "s1_shuffled", "s2_shuffled", "mean_best_auroc"), pa.float64())
    return Record("basis", 3, 60, tables={"bases": pa.Table.from_pylist(rows, pa.schema(list(kinds.items())))})


def length(picture: Picture, columns: slice) -> int:
    """Pixels of the longest line of the fitted basis' colour in some columns."""
    wanted = [int(TRUE[place : place + 2], 16) for place in (1, 3, 5)]
    same = np.abs(picture[:, columns].astype(int) - wanted).sum(-1) < 12
    return int(same.sum(1).max())


def test_a_bar_is_as_long_as_its_score() -> None:
    s1, auroc = slice(276, 560), slice(876, 1100)
    whole = length(basis_chart(compared(4.0)), s1)
    assert whole == pytest.approx(175, abs=8)  # all but the tick of the shuffled labels
    assert length(basis_chart(compared(2.0)), s1) == pytest.approx(whole - 87.5, abs=8)
    assert length(basis_chart(compared()), auroc) == pytest.approx(175 / 2, abs=3)  # 0.75 is half-way from 0.5 to 1


def test_every_layer_has_room_up_to_six() -> None:
    heights = [basis_chart(compared(layers=layers)).shape[0] for layers in (1, 2, 6, 9)]
    assert heights[1] - heights[0] == 220
    assert heights[2] == heights[3] == heights[0] + 5 * 220


def test_it_is_the_picture_of_such_a_record_and_always_the_same() -> None:
    assert np.array_equal(picture_of(compared()), basis_chart(compared()))


def test_scores_that_are_not_known_leave_a_gap() -> None:
    record = compared()
    table = record.tables["bases"]
    place = table.column_names.index("mean_best_auroc")
    unknown = table.set_column(place, "mean_best_auroc", pa.nulls(len(table), pa.float64()))
    assert basis_chart(replace(record, tables={"bases": unknown})).shape[1] == 1100


def test_other_records_have_no_such_picture() -> None:
    record = compared()
    table = record.tables["bases"]
    others = [
        {},
        {"bases": table.slice(0, 0)},
        {"bases": table.drop_columns(["s2"])},
        {"bases": table.filter(pc.field("basis") != "unsupervised")},
        {"bases": table.set_column(4, "s1", pa.nulls(len(table), pa.float64()))},
        {"bases": table.set_column(4, "s1", pa.array([float("inf")] * len(table)))},
        {"bases": table.set_column(8, "mean_best_auroc", pa.array([7.0] * len(table)))},
        compared(policies=(None,)).tables,
    ]
    for tables in others:
        other = replace(record, tables=tables)
        assert not shows_basis(other)
        assert picture_of(other) is None
        with pytest.raises(ValueError, match="wanted one of InterpretableBasis with masks"):
            basis_chart(other)
