"""The benchmarks of speed: what they promise about rows, and that the page shows what was measured. No test times."""

from __future__ import annotations

import importlib
import json
import runpy
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch

ROOT = Path(__file__).parents[1]
BEGINNINGS = {
    *("lwta", "step", "soft_wpmi", "quickstart_epoch", "shared_sweep", "sparse_inference", "growth"),
    *("clusters", "registers", "watermark", "detectors", "basis_update"),
    *("extraction", "importance", "concepts", "prototypes", "site"),
}
CPU = torch.device("cpu")


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The folder, as Python sees it when one of its files is run."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    yield importlib.import_module("side_by_side")
    for name in set(sys.modules) - before:
        if str(ROOT / "benchmarks") in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def kept_rows() -> list[dict[str, Any]]:
    contents = [json.loads(file.read_text()) for file in (ROOT / "benchmarks" / "results").glob("*.json")]
    return [row for content in contents if isinstance(content, list) for row in content]


def test_every_comparison_has_a_name_of_its_own(benchmarks: Any) -> None:
    comparisons = runpy.run_path(str(ROOT / "benchmarks" / "speed.py"))["COMPARISONS"]
    names = [(one.measure, one.reference) for one in comparisons]
    assert len(set(names)) == len(names)
    assert {measure.replace(",", " ").split()[0] for measure, _ in names} == BEGINNINGS
    stale = [(row["measure"], row["reference"]) for row in kept_rows()]
    assert not set(stale) - set(names), "rows of comparisons that are no more"


def test_rows_are_whole(benchmarks: Any) -> None:
    wanted = {field.name for field in fields(benchmarks.Row)}
    for row in kept_rows():
        assert set(row) == wanted
        assert row["ratio"] == pytest.approx(row["seconds"] / row["reference_seconds"], abs=2e-3, rel=2e-3)


def test_a_row_tells_the_best_of_each_and_the_memory_it_took(benchmarks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmarks, "LIKELY_SECONDS", 0.0)
    calls = {"ours": 0, "reference": 0}

    def prepare(device: torch.device) -> tuple[Any, Any]:
        def ours() -> torch.Tensor:
            calls["ours"] += 1
            return torch.ones(25_000_000, device=device)

        def reference() -> None:
            calls["reference"] += 1

        return ours, reference

    row = benchmarks.measure(benchmarks.Comparison("lwta, made up", "nothing", prepare), CPU)
    assert calls == {"ours": 4, "reference": 4}  # once for its memory, three rounds
    assert row.seconds > row.reference_seconds > 0
    assert row.peak_mb > 90 > row.reference_peak_mb


def test_rows_take_the_place_of_older_ones(benchmarks: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmarks, "RESULTS", tmp_path)
    old, other, new = (
        benchmarks.Row(measure, "theirs", seconds, 1.0, seconds, 0.0, 0.0, "A Machine, 2 cores", "abc")
        for measure, seconds in (("lwta", 3.0), ("step", 1.0), ("lwta", 2.0))
    )
    benchmarks.keep([old, other])
    file = benchmarks.keep([new])
    assert file.name == "a-machine-2-cores.json"
    assert [(row["measure"], row["seconds"]) for row in json.loads(file.read_text())] == [("lwta", 2.0), ("step", 1.0)]


def test_the_page_shows_what_was_measured() -> None:
    page = (ROOT / "docs" / "speed.md").read_text()
    names = runpy.run_path(str(ROOT / "docs" / "speed.py"))
    assert names["with_rows"](page) == page, "make docs writes it anew"
    for row in kept_rows():
        assert f"| {row['measure']} | {row['reference']} |" in page
