"""The figure of a watermark probe: drawn from the record alone, of every record that is whole, and of no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rivalry.lens.page import PAPER
from rivalry.lens.pictures import picture_of
from rivalry.lens.watermark_chart import watermark_chart
from rivalry.records import Record

METRICS = ("attack_success_lift", "accuracy_gap", "removal_drop", "logit_shift", "relevance_lift")
SHARES = ("decodability", "decodability_low", "decodability_high", "decodability_floor", "decodability_null",
          "attack_success", "attack_success_silenced", "attack_success_random")  # fmt: skip


def probe(layers: int = 3, *, known: bool = True, shift: float = 0.3) -> Record:
    names = [f"{metric}{case}" for metric in METRICS for case in ("", "_null")]
    value = pa.array([shift if known else None] * len(names), pa.float64())
    reliance = pa.table({"metric": names, "value": value, "low": value, "high": value})
    columns: dict[str, Any] = {name: pa.array([0.9 if known else None] * layers, pa.float64()) for name in SHARES}
    columns |= {"layer": [f"layer{place}.0.act" for place in range(layers)], "units": [16] * layers}
    columns["carrying_units"] = pa.array([3 if known else None] * layers, pa.int64())
    renders = np.full((2 * 34 - 2, 4 * 34 - 2, 3), 255, dtype=np.uint8)
    renders[:32, 34:66] = (200, 10, 10)  # the marked one of the first picture
    layout: Any = {"side": 32, "gap": 2, "columns": ["clean", "marked", "null", "relevance"], "rows": [4, 7]}
    scalars = {"accuracy_clean": 0.9, "attack_success": 0.8, "attack_success_null": 0.1, "attack_success_clean": 0.0}
    return Record(
        "watermark",
        3,
        90,
        scalars=scalars,
        tables={"reliance": reliance, "layers": pa.table(columns)},
        images={"renders": renders},
        settings={"target": "car", "renders": layout},
    )


@pytest.mark.parametrize("layers", [1, 3, 24])
@pytest.mark.parametrize("known", [True, False])
def test_it_is_drawn_whatever_is_known(layers: int, known: bool) -> None:
    picture = watermark_chart(probe(layers, known=known))
    assert picture.shape == (900, 1100, 3)
    paper = tuple(int(PAPER[place : place + 2], 16) for place in (1, 3, 5))
    assert tuple(picture[-2, -2]) == paper
    assert np.array_equal(picture, watermark_chart(probe(layers, known=known)))
    assert np.array_equal(picture, picture_of(probe(layers, known=known)))


def test_it_shows_what_the_record_says() -> None:
    picture = watermark_chart(probe())
    assert (picture == (200, 10, 10)).all(2).sum() > 40 * 40
    assert not np.array_equal(picture, watermark_chart(probe(shift=0.6)))


def spoilt() -> Iterator[tuple[str, Record]]:
    """A record without one of its parts each, and with one of another kind each."""
    whole = probe()
    for name, table in whole.tables.items():
        yield f"no table {name}", replace(whole, tables={k: v for k, v in whole.tables.items() if k != name})
        yield f"no rows of {name}", replace(whole, tables={**whole.tables, name: table.slice(0, 0)})
        for place, column in enumerate(table.column_names):
            wordy = pa.nulls(len(table), pa.string())
            if column not in ("layer", "metric"):
                other = table.set_column(place, column, wordy)
                yield f"wordy {column}", replace(whole, tables={**whole.tables, name: other})
            yield f"no {column}", replace(whole, tables={**whole.tables, name: table.drop_columns([column])})
            doubled = table.append_column(column, table[column])
            yield f"two {column}", replace(whole, tables={**whole.tables, name: doubled})
    layout: Any = whole.settings["renders"]
    for change in (
        {"side": 33},
        {"side": 0},
        {"gap": -1},
        {"rows": []},
        {"rows": 2},
        {"columns": ["clean"]},
        {"side": 3.2},
    ):
        yield f"layout {change}", replace(whole, settings={**whole.settings, "renders": {**layout, **change}})
    yield "no layout", replace(whole, settings={"target": "car"})
    yield "no target", replace(whole, settings={"renders": layout})
    yield "no renders", replace(whole, images={})
    yield "no scalars", replace(whole, scalars={})


def test_no_missing_part_ends_a_run() -> None:
    cases = list(spoilt())
    assert len(cases) > 40
    assert [case for case, record in cases if picture_of(record) is not None] == []
    with pytest.raises(ValueError, match="holds no reliance on a mark"):
        watermark_chart(cases[0][1])
