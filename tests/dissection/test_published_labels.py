"""The tables of labels in the documentation are those that the benchmark makes of its figures."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_documentation_shows_the_figures() -> None:
    if not (ROOT / "benchmarks" / "labels.py").is_file():
        pytest.skip("no benchmarks beside the package")
    spec = importlib.util.spec_from_file_location("labels", ROOT / "benchmarks" / "labels.py")
    assert spec is not None
    assert spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    result = json.loads(benchmark.RESULT.read_text())
    page = (ROOT / "docs" / "dissection.md").read_text()
    tables = benchmark.tables(result).split("\n\n")
    assert len(tables) == 3
    for table in tables:
        assert table in page
