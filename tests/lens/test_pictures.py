"""A record that is not ours, or not whole, has no picture; it never ends a run."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rivalry.lens.figures import activity_chart, neuron_sheet
from rivalry.lens.pictures import picture_of
from rivalry.records import Record
from tests.lens.test_figures import activity, dissection


@pytest.mark.parametrize("judged", [False, True])
def test_ours_are_drawn(judged: bool) -> None:
    record = dissection(judged=judged)
    assert np.array_equal(picture_of(record), neuron_sheet(record))
    assert np.array_equal(picture_of(activity()), activity_chart(activity()))


def spoilt(record: Record) -> Iterator[tuple[str, Record]]:
    """A record without one of its parts each, and with one of another kind each."""
    for name, table in record.tables.items():
        yield f"no table {name}", replace(record, tables={k: v for k, v in record.tables.items() if k != name})
        yield f"no rows of {name}", replace(record, tables={**record.tables, name: table.slice(0, 0)})
        for column in table.column_names:
            if (name, column) in UNUSED:
                continue
            place = table.column_names.index(column)
            others = [table.drop_columns([column]), table.set_column(place, column, pa.nulls(len(table), pa.string()))]
            others.append(table.set_column(place, column, pa.nulls(len(table), table.schema.field(column).type)))
            others.append(table.append_column(column, table[column]))
            for kind, other in zip(("no", "wordy", "empty", "doubled"), others, strict=True):
                if (kind, column) not in HARMLESS:
                    yield f"{kind} {name}.{column}", replace(record, tables={**record.tables, name: other})
    for name in record.scalars:
        if name != "winner_entropy" and name != "confirmed":
            yield f"no scalar {name}", replace(record, scalars={k: v for k, v in record.scalars.items() if k != name})


UNUSED = {("units", "dead"), ("units", "unit")}  # of an activity; a dissection's rows are spoilt below
HARMLESS = {("no", "confirmed"), ("empty", "confirmed"), ("empty", "true_concept"), ("wordy", "true_concept")}


@pytest.mark.parametrize("record", [activity(), dissection()], ids=["activity", "neurons"])
def test_no_missing_part_ends_a_run(record: Record) -> None:
    cases = list(spoilt(record))
    assert len(cases) > 20
    assert [case for case, one in cases if picture_of(one) is not None] == []


@pytest.mark.parametrize(
    "layout",
    [
        None,
        "rows",
        {},
        {"rows": []},
        {"rows": [1, 2, 3]},
        {"rows": [{"layer": "layer4.0.act2", "unit": 99}] * 3},
        {"rows": [{"layer": ["a"], "unit": {}}] * 3},
        {"rows": [{"layer": "layer4.0.act2", "unit": 0}] * 4},
        {"side": 33},
        {"side": "32"},
        {"columns": 0},
        {"gap": -1},
    ],
)
def test_a_layout_that_does_not_fit_is_not_followed(layout: Any) -> None:
    record = dissection()
    if layout:
        layout = {**record.settings["top_images"], **layout} if isinstance(layout, dict) else layout  # type: ignore[dict-item]
    assert picture_of(replace(record, settings={"top_images": layout})) is None


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
def test_rates_that_are_no_shares_are_not_drawn(rate: float) -> None:
    assert picture_of(activity(rate=rate)) is None


def test_a_users_own_tables_of_the_same_names() -> None:
    table = pa.table({"layer": ["a"], "unit": [0], "favourite": ["cats"]})
    record = Record("mine", 0, 0, tables={"units": table, "layers": table})
    assert picture_of(record) is None
    image = np.zeros((4, 4, 3), dtype=np.uint8)
    assert picture_of(replace(record, images={"top_images": image}, settings={"top_images": 3})) is None


def test_a_word_with_dollar_signs_is_no_formula() -> None:
    record = dissection()
    words = pa.array(["$\\frac$", "a $1 or $2 note", "snow"])
    table = record.tables["units"].set_column(2, "label", words)
    assert picture_of(replace(record, tables={"units": table})) is not None
