"""The register chart is drawn from a record alone, shows what it says, and of a spoilt record there is none."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rivalry.lens.pictures import picture_of
from rivalry.lens.register_chart import register_chart, shows_registers
from rivalry.records import Record
from tests.artefacts.registers.planted import plant, small_vit
from tests.artefacts.registers.test_probe import probed
from tests.lens.test_figures import activity, share_of

RED, GREEN = "#b9654a", "#3d8361"


def registers(layers: int = 3, *, outliers: bool = True, verdict: str = "none") -> Record:
    names = [f"blocks.{number}" for number in range(layers)]
    columns: dict[str, Any] = {"layer": pa.array(names)}
    for name, value in (("median", 5.0), ("high", 9.0), ("largest", 90.0), ("threshold", 15.0)):
        columns[name] = pa.array([value + number for number in range(layers)], pa.float64())
    for name in ("class", "register", "outlier", "permuted"):
        known = outliers or name in ("class", "register")
        columns[f"enrichment_{name}"] = pa.array([2.0 if known else None] * layers, pa.float64())
    sheet = np.full((2 * 40 + 4, 3 * 40 + 2 * 4, 3), 230, dtype=np.uint8)
    sheet[44:, 88:] = (200, 30, 40)  # the lower right tile
    layout = {"columns": ["picture", "blocks.0", "blocks.2"], "rows": 2, "gap": 4, "height": 40, "width": 40}
    return Record(
        "registers",
        3,
        70,
        tables={"layers": pa.table(columns)},
        images={"norm_maps": sheet},
        settings={"verdict": verdict, "images": 80, "norm_maps": layout},  # type: ignore[dict-item]
    )


def test_it_is_what_is_drawn_of_the_record() -> None:
    record = registers()
    picture = picture_of(record)
    assert picture is not None
    assert picture.shape[1] == 1100
    assert np.array_equal(picture, register_chart(record))
    red = (picture == (200, 30, 40)).all(2)
    rows, columns = np.nonzero(red)
    assert 150**2 < red.sum() <= 156**2  # a tile is 1.55 inches wide
    assert rows.min() > 700
    assert 300 < columns.min() < 400


def test_lines_of_outliers_are_there_only_where_there_are_some() -> None:
    assert share_of(register_chart(registers()), RED) > share_of(register_chart(registers(outliers=False)), RED) > 0
    assert share_of(register_chart(registers()), GREEN) > 0
    assert not np.array_equal(register_chart(registers(verdict="some")), register_chart(registers()))


def test_one_layer_or_many_are_drawn() -> None:
    for layers in (1, 2, 48):
        assert register_chart(registers(layers)).shape[1] == 1100


def test_the_probes_own_record_is_drawn() -> None:
    for network in (plant(small_vit(img_size=(32, 56))), small_vit(depth=1)):
        assert picture_of(probed(network, length=40, sample=8)) is not None


def test_spoilt_records_are_not_drawn() -> None:
    record = registers()
    table = record.tables["layers"]
    spoilt = [replace(record, images={}), replace(record, tables={}), replace(record, settings={})]
    for name in table.column_names:
        others = [table.drop_columns([name]), table.append_column(name, table[name])]
        others.append(table.set_column(table.column_names.index(name), name, pa.nulls(len(table), pa.bool_())))
        spoilt += [replace(record, tables={"layers": other}) for other in others]
    empty = pa.nulls(len(table), pa.float64())
    spoilt.append(replace(record, tables={"layers": table.set_column(1, "median", empty)}))
    spoilt.append(replace(record, tables={"layers": table.slice(0, 0)}))
    layout: Any = record.settings["norm_maps"]
    for change in ({"rows": 3}, {"width": "40"}, {"gap": -1}, {"columns": []}, {"columns": "abc"}, {"height": 0}):
        spoilt.append(replace(record, settings={**record.settings, "norm_maps": {**layout, **change}}))
    assert [number for number, one in enumerate(spoilt) if shows_registers(one)] == []
    assert picture_of(activity()) is not None
    with pytest.raises(ValueError, match="'activity' holds no norms of patches"):
        register_chart(activity())
