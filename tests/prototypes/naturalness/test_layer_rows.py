"""All targets together, by hand."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from rivalry.prototypes.naturalness.layer_rows import NATURALNESS_LAYERS, headline, layer_rows
from rivalry.prototypes.naturalness.path_rows import Row


def point(target: str, method: str, spearman: float, *, layer: str = "a", copy: int = 0, **changes: object) -> Row:
    """A row where pictures of the target are alike by 0.6, and by 0.2 to others."""
    numbers = {"spearman": spearman, "same_spearman": 0.6, "other_spearman": 0.2, "normalised": (spearman - 0.2) / 0.4}
    depth = "abc".index(layer)
    return {"target": target, "method": method, "copy": copy, "layer": layer, "depth": depth, **numbers, **changes}


def test_the_mean_curve_is_that_of_mean_similarities() -> None:
    rows = [
        point("x", "prototype", 0.5),
        point("y", "prototype", 0.3, same_spearman=0.3, other_spearman=0.2),
        point("x", "fourier", 0.3),
        point("y", "fourier", 0.1, same_spearman=0.3, other_spearman=0.2),
    ]
    ours, plain = layer_rows(rows)
    assert (ours["method"], ours["targets"], plain["method"]) == ("prototype", 2, "fourier")
    assert (ours["spearman"], ours["same_spearman"], ours["other_spearman"]) == pytest.approx((0.4, 0.45, 0.2))
    assert ours["normalised"] == pytest.approx((0.3 + 0.1) / (0.4 + 0.1))
    assert plain["normalised"] == pytest.approx((0.1 - 0.1) / (0.4 + 0.1), abs=1e-12)
    assert ours["above"] == pytest.approx((0.2 + 0.2) / (0.4 + 0.1))
    assert (ours["low"], ours["high"]) == pytest.approx((0.3 / 0.4, 0.1 / 0.1))
    assert plain["above"] is None
    assert pa.Table.from_pylist([ours, plain], NATURALNESS_LAYERS).num_rows == 2


def test_copies_count_as_one_target() -> None:
    rows = [point("x", "prototype", value, copy=copy) for copy, value in enumerate((0.2, 0.4))]
    (row,) = layer_rows([*rows, point("y", "prototype", 0.6)])
    assert row["targets"] == 2
    assert row["spearman"] == pytest.approx((0.3 + 0.6) / 2)


def test_a_single_target_has_no_interval_and_a_baseline_of_other_targets_says_nothing() -> None:
    ours, plain = layer_rows([point("x", "prototype", 0.4), point("y", "fourier", 0.4)])
    assert ours["normalised"] == pytest.approx(0.5)
    assert [ours[name] for name in ("low", "high", "above", "above_low")] == [None] * 4
    assert plain["normalised"] == pytest.approx(0.5)


def test_layers_are_in_order_and_unknown_ones_are_kept() -> None:
    rows = [point("x", "prototype", 0.4, layer=layer) for layer in "cab"]
    rows[1] |= {"normalised": None}
    rows[2] |= {"same_spearman": None, "normalised": None}
    found = layer_rows(rows)
    assert [row["layer"] for row in found] == ["a", "b", "c"]
    assert [row["normalised"] for row in found] == [None, None, pytest.approx(0.5)]
    assert [row["spearman"] for row in found] == [0.4, None, 0.4]
    assert [row["targets"] for row in found] == [1, 0, 1]


def test_targets_that_are_told_one_by_one_and_not_together_have_no_scale() -> None:
    rows = [
        point("x", "prototype", 0.4),
        point("y", "prototype", 0.4, same_spearman=0.1, other_spearman=0.5, normalised=None),
    ]
    assert layer_rows(rows)[0]["normalised"] is None


def test_the_headline_is_of_layers_that_have_a_scale() -> None:
    ours = {"a": 0.5, "b": 0.3, "c": 0.35}
    rows = [point("x", "prototype", value, layer=layer) for layer, value in ours.items()]
    rows += [point("x", "fourier", 0.4, layer=layer) for layer in ours]
    rows[2]["normalised"] = rows[5]["normalised"] = None
    expected = {"naturalness": 0.5, "naturalness_plain": 0.5, "layers_above_plain": 0.5, "layers_with_scale": 2 / 3}
    assert headline(layer_rows(rows)) == pytest.approx({**expected, "layers_more_alike": 1 / 3})


def test_of_nothing_nothing_is_known() -> None:
    assert layer_rows([]) == []
    assert all(math.isnan(value) for value in headline([]).values())
    alone = headline(layer_rows([point("x", "prototype", 0.4)]))
    assert alone["naturalness"] == pytest.approx(0.5)
    assert math.isnan(alone["naturalness_plain"])
    assert math.isnan(alone["layers_above_plain"])
