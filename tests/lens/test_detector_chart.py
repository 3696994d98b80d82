"""The figure of a dissection by masks: drawn from the record alone, of every record that is whole, and of no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rivalry.lens.detector_chart import detector_chart
from rivalry.lens.page import FALSE, PAPER
from rivalry.lens.pictures import picture_of
from rivalry.records import Record

HEIGHT, WIDTH, GAP = 20, 30, 4


def dissection(
    layers: int = 2,
    concepts: int = 4,
    *,
    known: bool = True,
    units: int = 3,
    wins: bool = False,
    possible: float = 0.5,
    unique: int = 2,
) -> Record:
    """Units of several layers that are called by concepts, as many of them drawn as asked for."""
    names = [f"layer{place}.0.act" for place in range(layers)]
    rows = [(layer, unit) for layer in names for unit in range(units + 1)]
    score = 0.21 if known else None
    of_units = [
        {"layer": layer, "unit": unit, "label": f"concept {unit}", "category": "part", "iou": 0.21, "auroc": score}
        for layer, unit in rows
    ]
    of_units[-1] |= {"label": None, "category": None, "iou": None}
    of_concepts = [
        {
            **{"layer": layer, "concept": f"concept {place}", "category": ("object", "part")[place % 2]},
            **{"area": 0.3 / (place + 1) if known else None, "ceiling": possible if known else None},
            **{"iou": 0.02 * place if known else None, "iou_chosen": score},
        }
        for layer in names
        for place in range(concepts)
    ]
    counts = [
        {"layer": layer, "policy": policy, "category": category, "detectors": 5}
        | {"unique_detectors": unique, "unique_beyond_area": 1}
        for layer in names
        for policy in ("quantile", "chosen", *(("wins",) if wins else ()))
        for category in ("object", "part")
    ]
    schema = {"layer": pa.string(), "concept": pa.string(), "category": pa.string()}
    schema |= dict.fromkeys(("area", "ceiling", "iou", "iou_chosen"), pa.float64())
    numbers = {"layer": pa.string(), "unit": pa.int64(), "label": pa.string(), "category": pa.string()}
    numbers |= {"iou": pa.float64(), "auroc": pa.float64()}
    images, layout = {}, {}
    if units:
        sheet = np.zeros((units * (HEIGHT + GAP) - GAP, 2 * (WIDTH + GAP) - GAP, 3), dtype=np.uint8)
        sheet[:, :WIDTH] = (200, 10, 10)
        images = {"detectors": sheet}
        listed: Any = [{"layer": names[0], "unit": unit} for unit in range(units)]
        layout = {"detectors": {"rows": listed, "columns": 2, "height": HEIGHT, "width": WIDTH, "gap": GAP}}
    return Record(
        "detectors",
        3,
        90,
        scalars={
            **{"units": float(len(rows)), "detectors": 5.0, "unique_detectors": 2.0, "concepts": float(concepts)},
            "undetectable_concepts": 1.0,
        },
        tables={
            "units": pa.Table.from_pylist(of_units, pa.schema(numbers)),
            "concepts": pa.Table.from_pylist(of_concepts, pa.schema(schema)),
            "categories": pa.Table.from_pylist(counts),
        },
        images=images,
        settings={"quantile": 0.005, **layout},
    )


@pytest.mark.parametrize("layers", [1, 2, 7])
@pytest.mark.parametrize("concepts", [1, 40])
@pytest.mark.parametrize("known", [True, False])
def test_it_is_drawn_whatever_is_known(layers: int, concepts: int, known: bool) -> None:
    record = dissection(layers, concepts, known=known)
    picture = detector_chart(record)
    assert picture.shape[1] == 1100
    paper = tuple(int(PAPER[place : place + 2], 16) for place in (1, 3, 5))
    assert tuple(picture[-2, -2]) == paper
    assert np.array_equal(picture, picture_of(record))


def test_it_shows_what_the_record_says() -> None:
    picture = detector_chart(dissection())
    assert (picture == (200, 10, 10)).all(2).sum() > 100 * 100  # the first tile of each row
    later = replace(dissection(), settings={**dissection().settings, "policy": "quantile_2020"})
    for other in (dissection(unique=1), dissection(wins=True), dissection(units=2), later):
        assert not np.array_equal(picture, detector_chart(other))


def test_concepts_that_no_unit_can_detect_are_crossed_out_and_named() -> None:
    lost = tuple(int(FALSE[place : place + 2], 16) for place in (1, 3, 5))
    marked = [int((detector_chart(dissection(possible=possible)) == lost).all(2).sum()) for possible in (0.5, 0.01)]
    assert marked[1] > marked[0] + 20


def test_without_pictures_of_units_the_rest_is_drawn() -> None:
    with_units, without = detector_chart(dissection()), detector_chart(dissection(units=0))
    assert len(without) < len(with_units) / 1.5


def spoilt() -> Iterator[tuple[str, Record]]:
    """A record without one of its parts each, and with one of another kind each."""
    whole = dissection()
    for name, table in whole.tables.items():
        yield f"no table {name}", replace(whole, tables={k: v for k, v in whole.tables.items() if k != name})
        yield f"no rows of {name}", replace(whole, tables={**whole.tables, name: table.slice(0, 0)})
        for place, column in enumerate(table.column_names):
            kind = pa.float32() if table.schema.field(column).type == pa.string() else pa.string()
            for other in (
                table.drop_columns([column]),
                table.set_column(place, column, pa.nulls(len(table), kind)),
                table.append_column(column, table[column]),
            ):
                yield f"{name}.{column}", replace(whole, tables={**whole.tables, name: other})
    for name in whole.scalars:
        yield f"no scalar {name}", replace(whole, scalars={k: v for k, v in whole.scalars.items() if k != name})
    layout: Any = whole.settings["detectors"]
    for change in ({"rows": 3}, {"rows": []}, {"rows": [{"layer": "layer0.0.act", "unit": 99}] * 3}, {"height": 21}):
        yield f"layout {change}", replace(whole, settings={**whole.settings, "detectors": {**layout, **change}})
    yield "no layout", replace(whole, settings={"quantile": 0.005})
    for level in (None, "0.005", 1.5):
        yield f"quantile {level}", replace(whole, settings={**whole.settings, "quantile": level})


def test_no_missing_part_ends_a_run() -> None:
    cases = list(spoilt())
    assert len(cases) > 60
    assert [case for case, record in cases if picture_of(record) is not None] == []
    with pytest.raises(ValueError, match="wanted one of NetworkDissection"):
        detector_chart(cases[0][1])
