"""The figure of naturalness: curves as high as they say, and nothing else than such records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rivalry.lens.depth_panel import DepthPanel, draw_names, span
from rivalry.lens.naturalness_chart import naturalness_chart, shows_naturalness
from rivalry.lens.page import FALSE, HUE, blank_page
from rivalry.records import Picture, Record

_NUMBERS = ("spearman", "same_spearman", "other_spearman", "normalised", "low", "high")
_KEY = {"method": pa.string(), "layer": pa.string(), "depth": pa.int64()}
LAYERS = {**_KEY, "targets": pa.int64(), **dict.fromkeys((*_NUMBERS, "above"), pa.float64())}
TARGETS = {**_KEY, "target": pa.string(), "copy": pa.int64(), **dict.fromkeys(_NUMBERS, pa.float64())}

Row = dict[str, Any]


def rows(ours: float | None, plain: float, layers: int) -> list[Row]:
    return [
        {"method": method, "layer": f"layer{depth}.act", "depth": depth, "spearman": 0.3, "same_spearman": 0.4}
        | {"other_spearman": 0.2, "normalised": value, "low": value, "high": value}
        for method, value in (("prototype", ours), ("fourier", plain))
        for depth in range(layers)
    ]


def record(
    ours: float | None = 0.8, plain: float = 0.2, *, layers: int = 6, targets: int = 2, copies: int = 1
) -> Record:
    above = None if ours is None else ours - plain
    together = [
        row | {"targets": targets, "above": above if row["method"] == "prototype" else None}
        for row in rows(ours, plain, layers)
    ]
    single = [
        row | {"target": f"class:{target}", "copy": copy}
        for target in range(targets)
        for copy in range(copies)
        for row in rows(ours, plain, layers)
    ]
    tables = {
        "naturalness_layers": pa.Table.from_pylist(together, pa.schema(list(LAYERS.items()))),
        "naturalness": pa.Table.from_pylist(single, pa.schema(list(TARGETS.items()))),
    }
    return Record("prototypes", 3, 60, tables=tables)


def height(picture: Picture, colour: str) -> float:
    """Row of pixels, within the great panel, in which most are of a colour."""
    wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    same = np.abs(picture[205:465, 75:640].astype(int) - wanted).sum(-1) < 12
    return 205 + float(np.flatnonzero(same.sum(1) == same.sum(1).max()).mean())


def test_a_curve_is_as_high_as_its_value() -> None:
    picture = naturalness_chart(record(ours=0.8, plain=0.2))
    assert height(picture, FALSE) - height(picture, HUE) == pytest.approx(250 * 0.6 / 1.2, abs=4)
    lower = naturalness_chart(record(ours=0.5, plain=0.2))
    assert height(lower, HUE) - height(picture, HUE) == pytest.approx(250 * 0.3 / 1.2, abs=4)


def test_what_leaves_the_panel_is_drawn_at_its_edge() -> None:
    panel = DepthPanel(1.0, 2.0, 4.0, 3.0, 8, -1.0, 2.0)
    assert [panel.y(value) for value in (2.0, 0.5, -1.0)] == [2.0, 3.5, 5.0]
    assert (panel.y(99.0), panel.y(-99.0)) == (2.0, 5.0)
    assert (panel.x(0), panel.x(7)) == (1.25, 4.75)
    assert span([3.0, -0.5], least=-0.1, most=1.1, limits=(-1, 2)) == (-0.5, 2)
    assert span([], least=-0.1, most=1.1, limits=(-1, 2)) == (-0.1, 1.1)


def test_names_of_layers_keep_apart() -> None:
    names = {depth: f"conv1.{depth}" for depth in range(15)}
    for wide, named in ((5.6, 15), (3.6, 8), (1.0, 3)):
        _, page = blank_page(8.0, 4.0, "title", "line")
        before = len(page.texts)
        draw_names(page, DepthPanel(1.0, 2.0, wide, 1.0, 15, 0.0, 1.0), names)
        assert len(page.texts) - before == named


def test_every_row_of_targets_has_room_up_to_twenty() -> None:
    heights = [naturalness_chart(record(targets=targets)).shape[0] for targets in (1, 5, 6, 20, 30)]
    assert heights[0] == heights[1] == heights[2] - 130
    assert heights[3] == heights[4] == heights[0] + 3 * 130


def test_deep_networks_and_many_copies_fit() -> None:
    assert naturalness_chart(record(layers=60, copies=3)).shape[1] == 1100


def test_what_has_no_scale_can_be_drawn_and_is_said() -> None:
    unknown, known = naturalness_chart(record(ours=None)), naturalness_chart(record())
    assert unknown.shape == known.shape
    assert height(known, HUE) > 0
    wanted = [int(HUE[place : place + 2], 16) for place in (1, 3, 5)]
    assert not (np.abs(unknown[205:465, 75:640].astype(int) - wanted).sum(-1) < 12).any()


def test_it_is_always_the_same() -> None:
    assert np.array_equal(naturalness_chart(record()), naturalness_chart(record()))


def test_other_records_have_no_such_picture() -> None:
    whole = record()
    layers, targets = whole.tables["naturalness_layers"], whole.tables["naturalness"]
    place = layers.column_names.index("normalised")
    infinite = layers.set_column(place, "normalised", pa.array([float("inf")] * len(layers)))
    strange = layers.set_column(0, "method", pa.array(["strange"] * len(layers)))
    lost = layers.set_column(2, "depth", pa.array([7] * len(layers)))
    for tables in (
        {},
        {"naturalness_layers": layers},
        {"naturalness": targets},
        {"naturalness_layers": layers.slice(0, 0), "naturalness": targets},
        {"naturalness_layers": layers.drop_columns(["above"]), "naturalness": targets},
        *({"naturalness_layers": table, "naturalness": targets} for table in (infinite, strange, lost)),
    ):
        other = replace(whole, tables=tables)
        assert not shows_naturalness(other)
        with pytest.raises(ValueError, match="wanted one of Prototypes"):
            naturalness_chart(other)
    assert shows_naturalness(whole)
